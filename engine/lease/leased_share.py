"""A part of one model's limits that is lent for seconds at a time."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from engine.clock import Clock

WINDOW_S = 1.0  # long enough for a rate to mean something
GROWTH = 2.0  # what is wanted, as a multiple of what was used: so that use may grow


class HolderState(NamedTuple):
    """What a share asks of the one that claims for it."""

    may_send: Callable[[], bool]
    changed: Callable[[], Awaitable[None]]


class LeasedShare:
    """As engine.live.pace.share.Share has it. Requests go by it only while it is lent."""

    def __init__(self, clock: Clock, standing: HolderState) -> None:
        self._clock = clock
        self._standing = standing
        self._used_s = 0.0
        self._meter = Meter(clock)
        self._until_s = float("-inf")
        self.part = 1.0  # the last that was lent

    @property
    def is_held(self) -> bool:
        """Whether it is lent, and its holder may still send."""
        return self._clock.monotonic_s() < self._until_s and self._standing.may_send()

    @property
    def wanted(self) -> float:
        """What part of the limits would do, by what is used; all, as long as that is open."""
        per_s = self._meter.read(self._used_s)
        if per_s is None or self._until_s == float("-inf"):
            return 1.0
        return min(1.0, GROWTH * per_s)

    def note_use(self, share_s: float) -> None:
        """Count what a request takes of the account's time."""
        self._used_s += share_s * self.part

    async def wait(self) -> None:
        """Return once it is lent; raises what ends the holder."""
        while not self.is_held:
            await self._standing.changed()

    def lend(self, part: float | None, until_s: float) -> None:
        """Let it be used until then; None: others hold all of it now."""
        if part is None:
            self._until_s = float("-inf")
        else:
            self.part, self._until_s = part, until_s


class Meter:
    """The rate of a sum that grows. None before the first window is over."""

    def __init__(self, clock: Clock, began_at: float = 0.0) -> None:
        self._clock = clock
        self._began_s = clock.monotonic_s()
        self._began_at = began_at
        self.per_s: float | None = None

    def read(self, total: float) -> float | None:
        """What it grew by in a second, lately."""
        now_s = self._clock.monotonic_s()
        if (elapsed_s := now_s - self._began_s) >= WINDOW_S:
            self.per_s = (total - self._began_at) / elapsed_s
            self._began_s, self._began_at = now_s, total
        return self.per_s
