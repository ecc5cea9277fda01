"""Text that its past has damaged: wrongly decoded and saved so, or from DOS or an old Macintosh."""

import codecs
import re

STRAY = "stray-windows-1252"  # for `decode`: single bytes of Windows in other text are its signs

_WINDOWS_SIGNS = {  # bytes that Windows-1252 has signs for and Latin-1 controls
    byte: sign for byte in range(0x80, 0xA0) if (sign := bytes([byte]).decode("cp1252", "ignore"))
}
_TO_BYTES = {ord(sign): byte for byte, sign in _WINDOWS_SIGNS.items()}
_TWICE = re.compile("[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0178\u2013-\u2122\u20ac]")
_OFTEN_TWICE = "ÃÂâÐÑØàáãäåæçèéêëìíîï"  # what the first bytes of letters and signs are taken for
_OLDER = ("cp850", "cp437", "mac_roman")
_WESTERN = frozenset(
    {"windows-1250", "windows-1252", "windows-1254", "windows-1257", "windows-1258"}
)
_OUT_OF_PLACE = re.compile(  # within a word: a sign, a control, a large letter; and lines of boxes
    "(?<=[a-z])[\u0080-\u00bf\u2018-\u203a\u20ac\u2122\u0192\u02c6\u02dc\ufffd](?=[a-z])"
    "|(?<=[a-z])[\u00c0-\u00de\u0160\u0178\u017d\u0152](?=[a-z])|[ÄÍ]{3,}"
)
_BOXES_ALONE = re.compile(rb"[\x00-\x7f\xb0-\xdf]*")
_LINES = re.compile(rb"\xc4{3}|\xcd{3}")
_MIN_OUT_OF_PLACE = 2
_BETTER = 4  # times fewer in the other encoding


def once_decoded(text: str) -> str:
    """`text`, or what it was before its UTF-8 was taken for Windows-1252 and saved in UTF-8 again.

    It was so if all of it can be undone: hardly any text is UTF-8 by chance.
    """
    if text.isascii() or not any(letter in text for letter in _OFTEN_TWICE):
        return text
    if not _TWICE.search(text):
        return text
    try:
        return text.translate(_TO_BYTES).encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def find_older_codec(data: bytes, codec: str) -> str | None:
    """The codec of text from DOS or an old Macintosh, of which a Western `codec` was guessed."""
    if _BOXES_ALONE.fullmatch(data) and _LINES.search(data):
        return "cp437"
    if codec not in _WESTERN and codec != "cp1252":
        return None
    least = _count_out_of_place(data, codec)
    if least < _MIN_OUT_OF_PLACE:
        return None
    best = min(_OLDER, key=lambda older: _count_out_of_place(data, older))
    return best if _count_out_of_place(data, best) * _BETTER <= least else None


def _count_out_of_place(data: bytes, codec: str) -> int:
    return len(_OUT_OF_PLACE.findall(data.decode(codec, "replace")))


def _sign_of_stray_byte(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    wrong = error.object[error.start : error.end]
    sign = _WINDOWS_SIGNS.get(wrong[0]) if len(wrong) == 1 else None
    return sign or "\ufffd", error.end


codecs.register_error(STRAY, _sign_of_stray_byte)
