"""Text as it is kept: NFC, one kind of line end, nothing invisible; and words on one line."""

import re
import unicodedata

_LINE_ENDS = re.compile("[\r\v\f\x1c-\x1e\x85\u2028\u2029](?:(?<=\r)\n)?")
_TERMINAL = re.compile(  # ECMA-48: control sequences (colours), commands (links), character sets
    "\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b\n]*(?:\x07|\x1b\\\\)|[()][0-9A-Za-z]|[=>78cDEHMNOZ])"
)
_OVERSTRIKE = re.compile("[^\n\b]\b")  # bold and underlined as typewriters and `man` write it
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f"  # controls; tab and newline stay
    "\xad\u200b\u2060-\u2064\ufeff"  # soft hyphen, zero-width space, joiner, byte order mark
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # in which direction text is shown
    "\ufdd0-\ufdef\ufffe\uffff]"  # not characters
)
_TAGS = re.compile("(\U0001f3f4[\U000e0020-\U000e007f]{1,8})|[\U000e0000-\U000e007f]+")  # of flags
_ARABIC_FORMS = re.compile("[\ufb50-\ufdcf\ufe70-\ufefc]+")  # letters as they are drawn
_SURROGATES = re.compile("[\ud800-\udfff]")
_NO_BREAK_SPACES = ("\xa0", "\u202f")
_SIGNS = {0x2010: "-", 0x2011: "-", 0x2044: "/"}  # hyphens, one that is not broken; of fractions
_LIGATURES = (
    {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl"}
    | {code: "st" for code in (0xFB05, 0xFB06)}
    | _SIGNS
)
_TOUCHED = re.compile(  # all that is not kept as it is, spaces apart
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e-\u2011\u2028-\u202e\u2044\u2060-\u2069\ufb00-\ufb06"
    "\ufb50-\ufdff\ufe70-\ufeff\ud800-\udfff\ufffe\uffff\U000e0000-\U000e007f]"
)
_BLANK_LINES = re.compile("\n{3,}")
_UNSPACED = "\u3000-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uff60"
_UNSPACED_TEXT = re.compile(f"[{_UNSPACED}]")  # Chinese and Japanese: no spaces between words
_UNSPACED_BREAK = re.compile(f"(?<=[{_UNSPACED}])\n(?=[{_UNSPACED}])")


def clean(text: str) -> str:
    """`text` in NFC without control characters; at most one blank line together, none around."""
    if _TOUCHED.search(text):  # in most texts nothing is
        text = _take_off(text)
    for space in _NO_BREAK_SPACES:
        text = text.replace(space, " ")
    text = "\n".join([line.rstrip(" \t") for line in text.split("\n")])
    return unicodedata.normalize("NFC", _BLANK_LINES.sub("\n\n", text)).strip("\n")


def clean_line(text: str) -> str:
    """`text` cleaned, on one line, with single spaces; none where Chinese or Japanese is broken."""
    words = " ".join(text.split())
    if words.isascii() and words.isprintable():
        return words
    if _is_kept(text) and unicodedata.is_normalized("NFC", words):
        return words
    text = clean(text)
    if "\n" in text and _UNSPACED_TEXT.search(text):
        lines = filter(None, map(str.strip, text.split("\n")))
        text = _UNSPACED_BREAK.sub("", "\n".join(lines))
    return " ".join(text.split())


def _take_off(text: str) -> str:
    """`text` without what a terminal or a typesetter adds, and with one kind of line end."""
    if "\x1b" in text or "\b" in text:
        text = _OVERSTRIKE.sub("", _TERMINAL.sub("", text))
    text = _LINE_ENDS.sub("\n", text)
    if not text.isascii():
        text = _SURROGATES.sub("\ufffd", text).translate(_LIGATURES)
        text = _TAGS.sub(r"\1", _ARABIC_FORMS.sub(_as_letters, text))
    return _INVISIBLE.sub("", text)


def _is_kept(text: str) -> bool:
    """Whether only the spaces of a text can change."""
    if _TOUCHED.search(text):
        return False
    return "\n" not in text or not _UNSPACED_TEXT.search(text)


def _as_letters(forms: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", forms[0])
