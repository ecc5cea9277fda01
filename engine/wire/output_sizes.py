"""How much is written in reply to requests of one kind, learnt from replies."""

from collections import deque
from typing import Protocol

from engine.wire.payloads import LIMIT_NAMES
from engine.wire.prices import UNLIMITED_OUTPUT_TOKENS, Sendable
from schemas.requests import CHAT_COMPLETIONS

REPLIES_KEPT = 100  # of each kind: the latest, so that a change of habit is followed
REPLIES_TO_LEARN = 20
MARGIN = 1.25  # above the largest seen: a reply that a limit cuts off is paid for in vain
LEAST_TOKENS = 16  # no model's output limit may be smaller (OpenAI, max_output_tokens)

_SEVERAL_CHOICES = b'"n":'  # within a text its quotes would be escaped


class SizedRequest(Sendable, Protocol):
    """A request of which it can be told what others like it were answered with."""

    @property
    def purpose(self) -> str:
        """What its reply is for; replies to one purpose are of like sizes."""


class OutputSizes:
    """The largest of the latest replies, by model and purpose."""

    def __init__(self) -> None:
        self._by_kind: dict[tuple[str, str], deque[int]] = {}
        self._ignoring: set[str] = set()  # models that write more than their output limit

    def learn(self, model: str, purpose: str, output_tokens: int) -> None:
        """Note how long a reply was, one that was cut off too."""
        kind = (model, purpose)
        sizes = self._by_kind.get(kind)
        if sizes is None:
            sizes = self._by_kind[kind] = deque(maxlen=REPLIES_KEPT)
        sizes.append(output_tokens)

    def learn_limited(self, model: str, limit: int | None, output_tokens: int) -> bool:
        """Note how long a reply with a lowered limit was; returns whether it went beyond."""
        is_ignored = limit is not None and output_tokens > limit
        if is_ignored:
            self._ignoring.add(model)
        return is_ignored

    def enough_for(self, request: SizedRequest) -> int | None:
        """An output limit that next to no reply reaches, and that is below the request's own.

        A chat request without a limit may write as much as any listed model does. None: too few
        replies were seen, there is no such limit, or the model ignores limits.
        """
        if request.model in self._ignoring:
            return None
        sizes = self._by_kind.get((request.model, request.purpose))
        if sizes is None or len(sizes) < REPLIES_TO_LEARN or _SEVERAL_CHOICES in request.payload:
            return None
        enough = max(LEAST_TOKENS, int(max(sizes) * MARGIN))
        return enough if enough < _most_tokens(request) else None


def _most_tokens(request: Sendable) -> int:
    if request.max_output_tokens or request.url != CHAT_COMPLETIONS:
        return request.max_output_tokens
    is_odd = any(b'"%b"' % name.encode() in request.payload for name in LIMIT_NAMES)
    return 0 if is_odd else UNLIMITED_OUTPUT_TOKENS
