"""The seam between one area of the API and the handling that all paid calls share."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from tests.openai_server.config import ModelCard
from tests.openai_server.faults import Fault
from tests.openai_server.paid.prompt_cache import CacheUse


class PaidCall(NamedTuple):
    """A checked body that is to be answered; `seed` is equal for equal bodies."""

    body: dict[str, Any]
    model: ModelCard
    number: int
    seed: str
    cache: CacheUse = CacheUse()
    tier: str = "default"


class Answer(NamedTuple):
    """A reply's body and what it is billed."""

    payload: Mapping[str, Any]
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    cache_write_tokens: int = 0


class PaidApi(Protocol):
    """One area: it checks a body, says what it may cost, and answers it. No network, no limits."""

    def reserved_tokens(self, body: dict[str, Any], model: ModelCard) -> int:
        """The tokens that count against the limits. Raises ApiError for a body that is wrong."""
        ...

    def input_tokens(self, body: dict[str, Any]) -> int:
        """The input tokens alone, what a batch enqueues; 0 for a body that is wrong."""
        ...

    def look_up(self, body: dict[str, Any], model: ModelCard) -> CacheUse:
        """What a checked body finds in the prompt cache when it arrives."""
        ...

    def answer(self, call: PaidCall) -> Answer:
        """The answer to a checked body."""
        ...

    def spoil(self, answer: Answer, fault: Fault | None) -> Answer:
        """The same answer with a fault of its content (`length`, `refusal`, ...), if it is one."""
        ...


def count_tokens(text: str) -> int:
    """A deterministic stand-in for a tokenizer: four characters a token."""
    return (len(text) + 3) // 4
