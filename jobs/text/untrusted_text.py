"""Makes text that somebody else wrote fit to stand in a prompt, a file or a terminal."""

import re

_UNSEEN = re.compile(
    "["
    "\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f"  # control characters that do not break lines
    "\xad\u200b\u2060-\u2064\ufeff"  # soft hyphen, zero-width characters
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\ufff9-\ufffb"  # direction and annotation marks
    "\U000e0000-\U000e007f"  # tags: an invisible alphabet
    "\ufffe\uffff"  # no characters at all
    "]"
)
# The places where chat templates' control tokens would be broken up: ChatML, Llama, DeepSeek,
# Gemma, Mistral. Some servers take these spellings for the real thing inside a message.
_AFTER_ANGLE = r"(?=[|\uff5c][^|\uff5c<>\s]{1,40}[|\uff5c]>|/?s>|(?:start|end)_of_turn>)"
_AFTER_SQUARE = r"(?=/?INST\])"
_WHOLE = re.compile(rf"(?<=<){_AFTER_ANGLE}|(?<=\[){_AFTER_SQUARE}")
_BROKEN = re.compile(rf"(?<=<) {_AFTER_ANGLE}|(?<=\[) {_AFTER_SQUARE}")


def make_plain(text: str) -> str:
    """`text` without invisible characters; every kind of line break is a newline."""
    return "\n".join(_UNSEEN.sub("", line) for line in text.splitlines())


def make_line(text: str, max_chars: int | None = None) -> str:
    """`text` as one plain line with single spaces, cut to `max_chars`."""
    return " ".join(make_plain(text).split())[:max_chars]


def defuse_tokens(text: str) -> str:
    """`text` with a space inside every spelling of a control token: `< |endoftext|>`."""
    return _WHOLE.sub(" ", text)


def restore_tokens(text: str) -> str:
    """Undoes `defuse_tokens`, for what a model quoted from a defused text."""
    return _BROKEN.sub("", text)
