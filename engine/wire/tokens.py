"""Counts tokens offline, as the provider does."""

from collections.abc import Sequence
from functools import cache
from typing import Protocol

ENCODING = "o200k_base"  # all current OpenAI chat models
MESSAGE_OVERHEAD_TOKENS = 4  # role and separators of one chat message (OpenAI cookbook)


class _Encoding(Protocol):
    def encode_ordinary(self, text: str) -> Sequence[int]: ...


def count_tokens(text: str) -> int:
    """Tokens of `text`, its special-token spellings counted as plain text."""
    return len(_encoding().encode_ordinary(text))


@cache
def _encoding() -> _Encoding:
    import quicktok

    encoding: _Encoding = quicktok.get_encoding(ENCODING)
    return encoding
