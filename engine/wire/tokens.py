"""Counts tokens offline, as the provider does."""

from functools import cache
from typing import Protocol

ENCODING = "o200k_base"  # all current OpenAI chat models
MESSAGE_OVERHEAD_TOKENS = 4  # role and separators of one chat message (OpenAI cookbook)


class _Encoding(Protocol):
    def count(self, text: str) -> int: ...


def count_tokens(text: str) -> int:
    """Tokens of `text`, its special-token spellings counted as plain text."""
    return _encoding().count(text)


@cache
def _encoding() -> _Encoding:
    import quicktok

    encoding: _Encoding = quicktok.get_encoding(ENCODING)
    return encoding
