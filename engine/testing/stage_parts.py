"""What a stage is handed, for its test: an ask, a lane, and progress that shows nothing."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from engine.testing.calls import completed
from schemas.outcomes import Outcome
from schemas.requests import Request


class FakeAsk:
    """An `Ask` that gets every outcome from `respond`, and keeps the requests in their order.

    What `respond` raises is raised to the asker.
    """

    def __init__(self, respond: Callable[[Request], Outcome] = completed) -> None:
        self._respond = respond
        self.requests: list[Request] = []

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The bodies of the requests, parsed."""
        return [orjson.loads(request.payload) for request in self.requests]

    async def __call__(self, request: Request) -> Outcome:
        """What `respond` says of the request."""
        self.requests.append(request)
        return self._respond(request)


class FakeLane:
    """A `Lane` that answers every request at `cost_usd` dollars, or raises `script`'s error for it.

    `sent` has the ids of the requests in the order in which they came.
    """

    def __init__(
        self, script: Mapping[str, BaseException] | None = None, *, cost_usd: float = 0.0
    ) -> None:
        self.script = script or {}
        self.cost_usd = cost_usd
        self.sent: list[str] = []

    async def send(self, request: Request) -> Outcome:
        """Answer, or raise what the script has for this id."""
        self.sent.append(request.request_id)
        if (error := self.script.get(request.request_id)) is not None:
            raise error
        return completed(request, cost_usd=self.cost_usd)

    async def aclose(self) -> None:
        """Nothing is open."""


class SilentProgress:
    """Counts what a `StageProgress` would show."""

    def __init__(self) -> None:
        self.count = 0
        self.dropped_count = 0

    def advance(self, *, dropped_count: int = 0) -> None:
        """One more item is done; so many things were dropped in it."""
        self.count += 1
        self.dropped_count += dropped_count
