"""How fast a sum grows, measured over windows long enough to mean something."""

from engine.clock import Clock

WINDOW_S = 1.0


class Meter:
    """The rate of a sum that grows. None before the first window is over."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began_s = clock.monotonic_s()
        self._began_at = 0.0
        self.per_s: float | None = None

    def read(self, total: float) -> float | None:
        """What it grew by in a second, lately."""
        now_s = self._clock.monotonic_s()
        if (elapsed_s := now_s - self._began_s) >= WINDOW_S:
            self.per_s = (total - self._began_at) / elapsed_s
            self._began_s, self._began_at = now_s, total
        return self.per_s
