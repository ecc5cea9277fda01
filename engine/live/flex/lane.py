"""The flex lane: requests go live, by the tier that costs half, as long as it has room."""

from collections.abc import Callable

from engine.errors import EngineError, LeftToOthersError
from engine.live.flex.gate import FlexGate, FlexPolicy
from engine.live.lane import LiveLane
from schemas.outcomes import Outcome
from schemas.requests import CHAT_COMPLETIONS, Request, asked_tier


class FlexLane:
    """Sends chat requests by flex. What has no tier (embeddings, a tier of its own) goes live.

    `is_wanted` is asked before each attempt, where there are other ways: whether flex is the way
    that a request should go now.
    """

    def __init__(self, live: LiveLane, policy: FlexPolicy) -> None:
        self._live = live
        self._policy = policy
        self._gates: dict[str, FlexGate] = {}
        self.is_wanted: Callable[[], bool] = lambda: True

    async def send(self, request: Request) -> Outcome:
        """Return how `request` ended.

        Raises:
            LeftToOthersError: it had better go another way; nothing was paid for it.
            OutageError: there was no capacity for too long, and there is no other way.
            What the live lane raises.
        """
        if request.url == CHAT_COMPLETIONS and not _has_tier(request):
            return await self._live.send(request, self._gate_of(request.model))
        if self._policy.is_alone:
            return await self._live.send(request)
        raise LeftToOthersError("has no tier to choose")

    def stop_admitting(self, error: EngineError) -> None:
        """Send nothing further: all that wait raise `error`, what is in flight lands."""
        self._live.stop_admitting(error)

    async def aclose(self) -> None:
        """Close the live lane."""
        await self._live.aclose()

    def _gate_of(self, model: str) -> FlexGate:
        gate = self._gates.get(model)
        if gate is None:
            gate = self._live.make_flex_gate(model, self._policy, lambda: self.is_wanted())
            self._gates[model] = gate
        return gate


def _has_tier(request: Request) -> bool:
    return bool(request.way and asked_tier(request)) or b'"service_tier":' in request.payload
