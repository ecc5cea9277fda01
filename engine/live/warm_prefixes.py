"""Lets the first request of a shared prefix go ahead, so that the others can read what it wrote."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from engine.clock import Clock
from engine.stopping import Admission
from schemas.requests import Prefix

KEPT_S = 1_500.0  # a prefix stays in the provider's cache for 30 minutes at least (OpenAI guide)
MOST_WAIT_S = 30.0  # behind the first request: what it writes is not worth a longer wait
MOST_KNOWN = 100_000

T = TypeVar("T")


class WarmPrefixes:
    """Which prefixes the provider has in its cache, as far as replies tell. Shared by all requests.

    Requests that share a prefix which is not there wait for the first of them, but not for long.
    """

    def __init__(self, *, admission: Admission, clock: Clock) -> None:
        self._admission = admission
        self._clock = clock
        self._warmed_s: OrderedDict[str, float] = OrderedDict()
        self._leaders: dict[str, asyncio.Event] = {}

    async def in_turn(self, prefixes: Sequence[Prefix], settle: Callable[[], Awaitable[T]]) -> T:
        """What `settle` returns, called once its prefixes are there, or by the first that has them.

        `prefixes` from the shortest to the longest. Raises what `settle` raises, and the reason if
        nothing may be sent any more.
        """
        led: list[str] = []
        is_written = False
        try:
            for prefix in prefixes:
                led += [prefix.prefix_id] * await self._leads(prefix.prefix_id)
            result = await settle()
            is_written = True
            return result
        finally:
            for prefix_id in led:
                self._end(prefix_id, is_written=is_written)

    async def _leads(self, prefix_id: str) -> bool:
        """Whether a request is the first with a prefix; returns when it may go."""
        until_s = self._clock.monotonic_s() + MOST_WAIT_S
        while not self._is_warm(prefix_id):
            leader = self._leaders.get(prefix_id)
            if leader is None:
                self._leaders[prefix_id] = asyncio.Event()
                return True
            if (left_s := until_s - self._clock.monotonic_s()) <= 0.0:
                return False
            await self._wait(leader, left_s)
        return False

    async def _wait(self, leader: asyncio.Event, most_s: float) -> None:
        waits = [
            asyncio.ensure_future(leader.wait()),
            asyncio.ensure_future(self._clock.sleep(most_s)),
        ]
        try:
            await self._admission.wait(asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED))
        finally:
            for wait in waits:
                wait.cancel()

    def _is_warm(self, prefix_id: str) -> bool:
        warmed_s = self._warmed_s.get(prefix_id)
        if warmed_s is None or self._clock.monotonic_s() - warmed_s > KEPT_S:
            return False
        self._warmed_s[prefix_id] = self._clock.monotonic_s()  # a read keeps it
        return True

    def _end(self, prefix_id: str, *, is_written: bool) -> None:
        self._leaders.pop(prefix_id).set()
        if not is_written:
            return
        self._warmed_s[prefix_id] = self._clock.monotonic_s()
        if len(self._warmed_s) > MOST_KNOWN:
            self._warmed_s.popitem(last=False)
