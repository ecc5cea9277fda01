"""Makes a server's text safe to show: without keys and control sequences, cut in length."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # every command imports this module at its start
    from engine.wire.endpoints import Endpoint

MAX_MESSAGE_CHARS = 300
MAX_CODE_CHARS = 80

_KEY_LIKE = re.compile(r"\b(?:sk|pk|Bearer)[-_ ][\w*.-]{4,}")
# C0 and C1 controls move the cursor and change colours; the others turn the direction of text.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ESCAPE_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?)|\x1b.?")
_NO_CODE = re.compile(r"[^\w.:/-]+")


def scrub(text: str, endpoint: "Endpoint") -> str:
    """Text of a server without the key or what looks like one, on one line, cut in length."""
    if endpoint.api_key:
        text = text.replace(endpoint.api_key, "[key]")
    text = _KEY_LIKE.sub("[key]", without_controls(text[: MAX_MESSAGE_CHARS * 4]))
    return " ".join(text.split())[:MAX_MESSAGE_CHARS]


def without_controls(text: str) -> str:
    """Text without control sequences for a terminal; tabs and newlines stay."""
    if text.isascii() and text.isprintable():
        return text
    return _CONTROLS.sub("", _ESCAPE_SEQUENCE.sub("", text))


def plain_code(text: str) -> str:
    """An error code of a server as one plain word."""
    return _NO_CODE.sub("_", without_controls(text))[:MAX_CODE_CHARS].strip("_")
