"""Text as it is kept: NFC, one kind of line end, nothing invisible; and words on one line."""

import re
import unicodedata

_LINE_ENDS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f"  # controls; tab and newline stay
    "\xad\u200b\u2060\ufeff"  # soft hyphen, zero-width space, word joiner, byte order mark
    "\ufdd0-\ufdef\ufffe\uffff]"  # not characters
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_SPACES = re.compile("[\xa0\u202f]")  # no-break spaces
_TRAILING = re.compile("[ \t]+(?=\n|$)")
_BLANK_LINES = re.compile("\n{3,}")
_WHITESPACE = re.compile(r"\s+")


def clean(text: str) -> str:
    """`text` in NFC without control characters; at most one blank line together, none around."""
    text = _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text))
    text = _SPACES.sub(" ", _SURROGATES.sub("\ufffd", text))
    text = _BLANK_LINES.sub("\n\n", _TRAILING.sub("", text))
    return unicodedata.normalize("NFC", text).strip("\n")


def clean_line(text: str) -> str:
    """`text` cleaned, on one line, with single spaces."""
    return _WHITESPACE.sub(" ", clean(text)).strip()
