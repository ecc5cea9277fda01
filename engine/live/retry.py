"""When a failed attempt is made again: tenacity drives, pure functions decide."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from engine.clock import Clock
from engine.errors import TransientError
from engine.stopping import Admission

if TYPE_CHECKING:
    from tenacity import RetryCallState

MAX_MALFORMED = 2  # unreadable replies: the next one would be no better

T = TypeVar("T")
Uniform = Callable[[float, float], float]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long one request is tried; how long a server may make it wait."""

    max_attempts: int
    max_retry_s: float
    max_pause_s: float = 3600.0
    base_s: float = 0.5
    cap_s: float = 60.0


@dataclass(slots=True)
class Failures:
    """The failed attempts of one request: all that were sent.

    `others_answered` is how many others had been answered when it first failed.
    """

    count: int = 0
    malformed_count: int = 0
    since_s: float = 0.0
    others_answered: int = 0

    def add(self, now_s: float, *, others_answered: int, is_malformed: bool) -> None:
        """Count an attempt that was sent and failed."""
        if self.count == 0:
            self.since_s = now_s
            self.others_answered = others_answered
        self.count += 1
        self.malformed_count += is_malformed

    def restart_time(self, now_s: float) -> None:
        """Let the time until now not count: the endpoint was away, or nothing was sent."""
        self.since_s = now_s


def wait_s(attempt: int, error: TransientError, policy: RetryPolicy, uniform: Uniform) -> float:
    """Seconds to wait after failed attempt number `attempt` (1-based).

    Exponential backoff with full jitter; Retry-After is a floor up to what a pause may last,
    jitter only adds to it.
    """
    backoff_s = min(policy.cap_s, policy.base_s * 2 ** min(attempt - 1, 32))
    floor_s = (error.retry_after_s or 0.0) * (1.0 + uniform(0.0, 0.25))
    return max(uniform(0.0, backoff_s), min(floor_s, policy.max_pause_s, policy.max_retry_s))


class Retrier:
    """Makes a failed attempt again while it may help. Any number of requests at once."""

    def __init__(
        self, policy: RetryPolicy, *, admission: Admission, clock: Clock, rng: random.Random
    ) -> None:
        self._policy = policy
        self._admission = admission
        self._clock = clock
        self._uniform = rng.uniform

    async def again(
        self, attempt: Callable[[], Awaitable[T]], failures: Failures, error: TransientError
    ) -> T:
        """Retry `attempt`, which has just failed with `error`, until it succeeds.

        `attempt` keeps `failures`. The controller is built here and not for every request: most
        never fail, and building it costs as much as sending them. Its library is imported here.

        Raises:
            TransientError: the last one, when attempts or time are used up.
            What `attempt` raises otherwise.
        """
        from tenacity import AsyncRetrying, retry_if_exception_type

        retrying = AsyncRetrying(
            sleep=self._admission.sleep,
            stop=lambda _: self._is_over(failures),
            wait=lambda state: self._next_wait_s(failures, state),
            retry=retry_if_exception_type(TransientError),
            reraise=True,
        )
        return await retrying(_beginning_with(error, attempt))

    def _is_over(self, failures: Failures) -> bool:
        elapsed_s = self._clock.monotonic_s() - failures.since_s
        return (
            failures.count >= self._policy.max_attempts
            or failures.malformed_count >= MAX_MALFORMED
            or (failures.count > 0 and elapsed_s >= self._policy.max_retry_s)
        )

    def _next_wait_s(self, failures: Failures, state: "RetryCallState") -> float:
        assert state.outcome is not None
        error = state.outcome.exception()
        assert isinstance(error, TransientError)
        return wait_s(max(1, failures.count), error, self._policy, self._uniform)


def _beginning_with(
    error: TransientError, attempt: Callable[[], Awaitable[T]]
) -> Callable[[], Awaitable[T]]:
    """`attempt` with `error` before it: tenacity begins with an attempt, and that one was made."""
    made = [error]

    async def made_again() -> T:
        if made:
            raise made.pop()
        return await attempt()

    return made_again
