"""Text that its past has damaged: wrongly decoded and saved so, or from DOS or an old Macintosh."""

import codecs
import re

STRAY = "stray-windows-1252"  # for `decode`: single bytes of Windows in other text are its signs
STRAY_WESTERN = "stray-western"  # and, in text of Western languages, its letters too

_WINDOWS_SIGNS = {  # bytes that Windows-1252 has signs for and Latin-1 controls
    byte: sign for byte in range(0x80, 0xA0) if (sign := bytes([byte]).decode("cp1252", "ignore"))
}
_FIRST_BYTES = (0xC2, 0xC3)  # of letters in UTF-8 that were cut
_FIRST_LETTER = 0xC0
_TO_BYTES = {ord(sign): byte for byte, sign in _WINDOWS_SIGNS.items()}
_TWICE = re.compile("[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0178\u2013-\u2122\u20ac]")
_MAX_TIMES = 3  # saved so by one program after the other
_OFTEN_TWICE = "ÃÂâÐÑØàáãäåæçèéêëìíîï"  # what the first bytes of letters and signs are taken for


def once_decoded(text: str) -> str:
    """`text`, or what it was before its UTF-8 was taken for Windows-1252 and saved in UTF-8 again.

    It was so if all of it can be undone: hardly any text is UTF-8 by chance.
    """
    for _ in range(_MAX_TIMES):
        if text.isascii() or not any(letter in text for letter in _OFTEN_TWICE):
            break
        if not _TWICE.search(text):
            break
        try:
            text = text.translate(_TO_BYTES).encode("latin-1").decode("utf-8")
        except UnicodeError:
            break
    return text


def _sign_of_stray_byte(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    wrong = error.object[error.start : error.end]
    sign = _WINDOWS_SIGNS.get(wrong[0]) if len(wrong) == 1 else None
    return sign or "\ufffd", error.end


def _letter_of_stray_byte(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    wrong = error.object[error.start : error.end]
    is_cut = error.end == len(error.object) or wrong[0] in _FIRST_BYTES
    if len(wrong) > 1 or is_cut or wrong[0] < _FIRST_LETTER:
        return _sign_of_stray_byte(error)
    return chr(wrong[0]), error.end


codecs.register_error(STRAY, _sign_of_stray_byte)
codecs.register_error(STRAY_WESTERN, _letter_of_stray_byte)
