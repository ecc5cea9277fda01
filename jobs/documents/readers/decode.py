"""Bytes to text: byte order mark, then what the file declares, then UTF-8, then a guess."""

import codecs
import re

from charset_normalizer import CharsetMatch, from_bytes

from jobs.documents.readers.limits import UnreadableFileError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with the same bytes
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_DECLARATION_BYTES = 2048  # HTML standard: a declaration is within the first 1024
_WINDOWS_1252 = {"iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii"}  # Encoding standard
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\b\x1b"))
_MAX_CONTROL_SHARE = 0.01
_COHERENCE_TOLERANCE = 0.1
_SAMPLE_BYTES = 256 * 1024


def decode_text(data: bytes) -> str:
    """The text of a plain-text file.

    Raises:
        UnreadableFileError: it is no text.
    """
    if (marked := _decode_marked(data)) is not None:
        return marked
    for encoding in ("utf-8", _utf16_by_zeros(data)):
        text = _try_decode(data, encoding) if encoding else None
        if text is not None and not _is_binary(text.encode(errors="surrogatepass")):
            return text
    if _is_binary(data):
        raise UnreadableFileError("binary_content", "holds binary data, not text; remove it")
    return _decode_guessed(data)


def decode_markup(data: bytes) -> str:
    """The text of an HTML or XML file, which may declare its encoding.

    Raises:
        UnreadableFileError: it is no text.
    """
    found = _DECLARED.search(data[:_DECLARATION_BYTES])
    if not found or _decode_marked(data) is not None:
        return decode_text(data)
    declared = found[1].decode("ascii", "replace").lower()
    encoding = "cp1252" if declared in _WINDOWS_1252 else declared
    for candidate in ("utf-8", encoding):  # what is valid UTF-8 is hardly anything else
        if (text := _try_decode(data, candidate)) is not None and "\0" not in text:
            return text
    return decode_text(data)


def _decode_marked(data: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    return None


def _try_decode(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (LookupError, UnicodeError):
        return None


def _utf16_by_zeros(data: bytes) -> str | None:
    sample = data[:_SAMPLE_BYTES]
    half = len(sample) // 2 or 1
    if sample[1::2].count(0) > half // 2 and sample[::2].count(0) < half // 10 + 1:
        return "utf-16-le"
    if sample[::2].count(0) > half // 2 and sample[1::2].count(0) < half // 10 + 1:
        return "utf-16-be"
    return None


def _is_binary(data: bytes) -> bool:
    control_count = len(data) - len(data.translate(None, _CONTROLS))
    return control_count > len(data) * _MAX_CONTROL_SHARE


def _decode_guessed(data: bytes) -> str:
    matches = from_bytes(data[:_SAMPLE_BYTES])
    best = matches.best()
    western = next((match for match in matches if match.encoding == "cp1252"), None)
    if best and western and _is_as_likely(western, best):
        best = western  # by far the most frequent of those that look alike
    return data.decode(best.encoding if best else "cp1252", "replace")


def _is_as_likely(match: CharsetMatch, best: CharsetMatch) -> bool:
    least_coherence = best.coherence - _COHERENCE_TOLERANCE
    return match.chaos <= best.chaos and match.coherence >= least_coherence
