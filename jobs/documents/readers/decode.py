"""Bytes to text: byte order mark, then what the file declares, then UTF-8, then a guess."""

import codecs
import re
from typing import NamedTuple

import chardetng_py

from jobs.documents.readers.damaged_text import STRAY, STRAY_WESTERN, once_decoded
from jobs.documents.readers.limits import UnreadableFileError
from jobs.documents.readers.older_code_pages import find_older_codec

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with the same bytes
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_DECLARATION_BYTES = 2048  # HTML standard: a declaration is within the first 1024
_WIDER = {  # Encoding standard: what a label stands for is often more than its name says
    **dict.fromkeys(("iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk", "x-gbk", "gb_2312-80"), "gb18030"),
    **dict.fromkeys(("shift_jis", "shift-jis", "x-sjis", "sjis"), "cp932"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987", "ksc5601"), "cp949"),
    **dict.fromkeys(("iso-8859-11", "tis-620", "windows-874"), "cp874"),
    "iso-8859-9": "cp1254",
    "iso-8859-8-i": "iso-8859-8",
    "iso-2022-jp": "iso2022_jp_ext",
    "big5": "big5hkscs",
    "macintosh": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
}
_ESCAPED = (
    (re.compile(rb"\x1b(?:\$[@B]|\$\([DQ]|\([JI])"), "iso2022_jp_ext"),  # RFC 1468, extended
    (re.compile(rb"\x1b\$\)C"), "iso2022_kr"),  # RFC 1557
)
_SEVEN_BITS = frozenset({"hz", "hz-gb-2312"})  # what is in these is ASCII, too
_LETTERS_ELSEWHERE = "£¥±µ³¹²¼½¾"  # in the encodings of other languages: Ł, ą, ł
_SIGNS_ALONE = re.compile(f"[\0-\x7f{_LETTERS_ELSEWHERE}¢§©®°¶·«»×÷‚„“”‘’…–—•™€†‡\xa0]+")
_SIGN_IN_WORD = re.compile(rf"[a-zA-Z][{_LETTERS_ELSEWHERE}]|(?!µ)[{_LETTERS_ELSEWHERE}][a-zA-Z]")
_LATIN_9 = re.compile(
    "[a-zA-Z]½[a-z]|(?<!\\d)(?<!\\d )¼[a-z]|\\d ?¤|¤ ?\\d"
)  # œ, Œ and € are their places there
_NO_LATIN_9 = re.compile("[€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|\\d ?[¼½¾]")  # of Windows, or fractions
_CONTROLS = bytes(set(range(1, 32)) - set(b"\t\n\v\f\r\b\a\x1b"))  # text may be padded with zeros
_MAX_CONTROL_SHARE = 0.01
_PLAIN = re.compile(rb"[\0\t\n\r -~]*+")
_MIN_ZEROS_ONE_IN = 4  # of the bytes of ASCII in UTF-16; every second one is
_MIN_GOOD_PER_BAD = 3  # letters of UTF-8 for each byte that is none: other encodings have fewer
_MAX_WRONG_SHARE = 0.002  # of the characters of text in a declared encoding
_WIDE = re.compile(rb"\0|[\x01\x02]0|0[\x01\x02]")  # ASCII, or a comma or full stop of Japanese
_IN_WIDE = (b"\0", b"\x01", b"\x02")  # one of these, which other text hardly has
_SPACES = " \n，。、"  # what every text has, though Chinese has no spaces
_MAX_UNITS_PER_SPACE = 200  # in UTF-16
SAMPLE_BYTES = 256 * 1024
_MAX_TELLING_BYTES = 64 * 1024
_WRONG = "\ufffd"
_LATIN_LETTER = b"\xc3"  # in UTF-8, À to ÿ begin with it


class Encoding(NamedTuple):
    """A codec of Python's, and how many bytes at the start only say that it is this one."""

    codec: str
    mark_bytes: int = 0


def decode_text(data: bytes) -> str:
    """The text of a plain-text file; bytes that are wrong become U+FFFD.

    Raises:
        UnreadableFileError: it is no text.
    """
    if (known := known_encoding(data)) is not None:
        return data[known.mark_bytes :].decode(known.codec, "replace")
    if (text := _decode_utf8(data)) is not None:
        return text
    return data.decode(guess_codec(data), "replace")


def decode_markup(data: bytes) -> str:
    """The text of an HTML or XML file, which may declare its encoding.

    Raises:
        UnreadableFileError: it is no text.
    """
    label = _declared_label(data)
    if not label or _told_encoding(data) is not None:
        return decode_text(data)
    if _codec_of(label) in _SEVEN_BITS:
        return _decode_as(data, label)
    if (text := _decode_utf8(data)) is not None:  # what is UTF-8 is hardly anything else
        return text
    text = _decode_as(data, label)
    if text.count(_WRONG) > len(text) * _MAX_WRONG_SHARE:
        return decode_text(data)
    return text


def as_utf8(data: bytes, codec: str, *, may_declare: bool) -> bytes:
    """`data` in UTF-8, with its mark, if it is no UTF-8 and does not say how it is encoded.

    Then it is taken for `codec`. `may_declare`: it is HTML. Raises: UnreadableFileError.
    """
    is_told = known_encoding(data) is not None or (may_declare and _declared_label(data))
    if is_told or _decode_utf8(data) is not None:
        return data
    return codecs.BOM_UTF8 + data.decode(codec, "replace").encode()


def known_encoding(data: bytes) -> Encoding | None:
    """How a file is encoded that says so or is of two or four bytes a character.

    Raises:
        UnreadableFileError: it is no text.
    """
    if (encoding := _told_encoding(data)) is not None:
        return encoding
    if (codec := _wide_codec(data)) is not None:
        return Encoding(codec)
    if _is_binary(data):
        raise UnreadableFileError("binary_content", "holds binary data, not text; remove it")
    return None


def guess_codec(data: bytes) -> str:
    """The codec of text that is no UTF-8, by the letters that are likely together."""
    western = data.decode("cp1252", "replace")
    telling = _telling_lines(data)
    if _SIGNS_ALONE.fullmatch(western) and not _SIGN_IN_WORD.search(western):
        # £5, 20 °C: a guess would take such signs for letters of other languages
        return find_older_codec(telling, "cp1252") or "cp1252"
    codec = _codec_of(chardetng_py.detect(telling))
    if (older := find_older_codec(telling, codec)) is not None:
        return older
    is_latin9 = _LATIN_9.search(western) and not _NO_LATIN_9.search(western)
    return "iso8859-15" if codec == "windows-1252" and is_latin9 else codec


def _telling_lines(data: bytes) -> bytes:
    """The lines that are not ASCII, as many as are looked at: the others take time for nothing."""
    lines = (line for line in data[:SAMPLE_BYTES].splitlines() if not line.isascii())
    return b"\n".join(lines)[:_MAX_TELLING_BYTES]


def has_enough_utf8(good_count: int, bad_count: int) -> bool:
    """Whether text is UTF-8: characters beyond ASCII that are, and bytes that are none."""
    return not bad_count or good_count >= bad_count * _MIN_GOOD_PER_BAD


def _declared_label(data: bytes) -> str:
    found = _DECLARED.search(data[:_DECLARATION_BYTES])
    is_told = found is not None and b"\0" not in data[: found.end()]
    return found[1].decode("ascii", "replace") if found and is_told else ""


def _told_encoding(data: bytes) -> Encoding | None:
    """What says by its first bytes, or by escapes that nothing else has, how it is encoded."""
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return Encoding(codec, len(mark))
    for escapes, codec in _ESCAPED:
        if escapes.search(data[:SAMPLE_BYTES]) and _is_valid(data, codec):
            return Encoding(codec)
    return None


def _decode_utf8(data: bytes) -> str | None:
    """UTF-8, though a few of its bytes may be wrong; None if it is something else."""
    text = data.decode("utf-8", "replace")
    bad_count = text.count(_WRONG)
    if not bad_count:
        return once_decoded(text) if _LATIN_LETTER in data else text
    good_count = len(text) - bad_count - len(text.encode("ascii", "ignore"))
    if not has_enough_utf8(good_count, bad_count):
        return None
    return data.decode("utf-8", STRAY_WESTERN if _is_western(text) else STRAY)


def _is_western(text: str) -> bool:
    """Whether all of it, what is wrong aside, is in the alphabets of Western languages."""
    try:
        text.replace(_WRONG, "").encode("cp1252")
    except UnicodeError:
        return False
    return True


def _decode_as(data: bytes, label: str) -> str:
    """The text of `data`, in what a file calls its encoding; Western if there is no such."""
    try:
        return data.decode(_codec_of(label), "replace")
    except (LookupError, UnicodeError):
        return data.decode("cp1252", "replace")


def _codec_of(label: str) -> str:
    """Python's codec for the label of an encoding."""
    label = label.lower()
    return _WIDER.get(label, label)


def _is_valid(data: bytes, codec: str) -> bool:
    """Whether `data`, which may end within a character, is right in a codec."""
    try:
        codecs.getincrementaldecoder(codec)().decode(data)
    except UnicodeError:
        return False
    return True


def _wide_codec(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark, known by its spaces and line ends."""
    sample = data[:SAMPLE_BYTES]
    if len(data) % 2 or not any(byte in sample for byte in _IN_WIDE) or not _WIDE.search(sample):
        return None
    if data.count(b"\0") * _MIN_ZEROS_ONE_IN < len(data) and _PLAIN.fullmatch(data):
        return None  # a stray zero in other text
    for wide in ("utf-32-le", "utf-32-be"):  # hardly anything else is valid in these
        if len(data) % 4 == 0 and _is_valid(data, wide) and data.strip(b"\0"):
            return wide
    codec = max(("utf-16-le", "utf-16-be"), key=lambda name: _space_count(data, name))
    if _space_count(data, codec) * _MAX_UNITS_PER_SPACE < len(sample) // 2:
        return None
    if not _is_valid(data, codec):
        return None
    text = data.decode(codec, "replace")
    return None if _is_binary(text.encode()) else codec


def _space_count(data: bytes, encoding: str) -> int:
    sample = data[:SAMPLE_BYTES].decode(encoding, "replace")
    return sum(map(sample.count, _SPACES))


def _is_binary(data: bytes) -> bool:
    text = data.replace(b"\0", b"")
    control_count = len(text) - len(text.translate(None, _CONTROLS))
    if not text:
        return bool(data)
    return control_count > len(text) * _MAX_CONTROL_SHARE
