"""Paths of any bytes as one printable line of valid UTF-8, and back without loss."""

import os
import re
import unicodedata
from pathlib import Path

_ESCAPED = re.compile(rb"\\(\\|x[0-9a-f]{2})")
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # controls, invisible formats, undecodable, line ends
_JOINER = "\u200d"  # within emoji; harmless


def printable(path: str) -> str:
    r"""`path` with what cannot be shown on a line as `\xNN` a byte, and `\` itself as `\\`."""
    return "".join(_escape(char) for char in path)


def original(shown: str) -> str:
    """The path of which `shown` is the printable form."""
    return os.fsdecode(_ESCAPED.sub(_unescape, shown.encode()))


def relative_name(path: Path, folder: Path) -> str:
    """The printable form of `path` relative to `folder`."""
    return printable(path.relative_to(folder).as_posix())


def _escape(char: str) -> str:
    if char == "\\":
        return r"\\"
    if unicodedata.category(char) in _UNPRINTABLE and char != _JOINER:
        return "".join(f"\\x{byte:02x}" for byte in os.fsencode(char))
    return char


def _unescape(match: re.Match[bytes]) -> bytes:
    escaped = match[1]
    return escaped if escaped == b"\\" else bytes([int(escaped[1:], 16)])
