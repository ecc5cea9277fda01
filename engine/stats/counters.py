"""What the engine did so far, counted: cheap to note, bounded in memory, seen as one record."""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from itertools import accumulate
from typing import NamedTuple

from schemas.outcomes import Failed, Outcome
from schemas.record import Value

_SMALLEST_S = 0.001
_STEP = math.log(1.05)  # a percentile is right to within 2.5%
_BIN_COUNT = 300  # up to 2,000 s


class LimitGauges(NamedTuple):
    """What holds requests back now; None where no limit is known.

    `utilisation` is the share of the known limits that was used since the first request.
    """

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    max_in_flight: int = 0
    utilisation: float | None = None


class StatsSnapshot(Value):
    """The counters at one moment. Times in seconds; percentiles are None before the first reply.

    `settled` counts the failed ones too; `failed` and `retried` are by error code; `refused`
    counts 429s. The last four fields are those of LimitGauges.
    """

    sent: int
    in_flight: int
    settled: int
    failed: dict[str, int]
    retried: dict[str, int]
    refused: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    usd: float
    unpriced: int
    latency_p50_s: float | None
    latency_p95_s: float | None
    latency_p99_s: float | None
    requests_per_minute: float | None
    tokens_per_minute: float | None
    max_in_flight: int
    utilisation: float | None


class Latencies:
    """Percentiles of any number of durations in 300 bins, each 5% wider than the one before."""

    def __init__(self) -> None:
        self._bins = [0] * _BIN_COUNT
        self._count = 0

    def add(self, seconds: float) -> None:
        """Count one duration."""
        index = int(math.log(max(seconds, _SMALLEST_S) / _SMALLEST_S) / _STEP)
        self._bins[min(index, _BIN_COUNT - 1)] += 1
        self._count += 1

    def percentile_s(self, fraction: float) -> float | None:
        """The duration that `fraction` of all did not exceed, to within 2.5%."""
        if self._count == 0:
            return None
        seen = list(accumulate(self._bins))
        return _SMALLEST_S * math.exp((bisect_left(seen, fraction * self._count) + 0.5) * _STEP)


class Stats:
    """Counters of one process. Not for several threads; reading never disturbs counting."""

    def __init__(self) -> None:
        self.sent = 0
        self.in_flight = 0
        self.settled = 0
        self.refused = 0
        self.failed: Counter[str] = Counter()
        self.retried: Counter[str] = Counter()
        self.unwrapped: Counter[str] = Counter()
        self.prompt_tokens = 0
        self.completion_tokens = 0
        self.cached_tokens = 0
        self.cache_write_tokens = 0
        self.usd = 0.0
        self.unpriced = 0
        self.latencies = Latencies()
        self.read_limits: Callable[[], LimitGauges] = LimitGauges

    def count_sent(self) -> None:
        """Note an attempt that goes out."""
        self.sent += 1
        self.in_flight += 1

    def count_back(self) -> None:
        """Note that an attempt is over, however it ended."""
        self.in_flight -= 1

    def count_retry(self, code: str) -> None:
        """Note an attempt that failed and may be made again."""
        self.retried[code] += 1

    def count_unwrapped(self, wrapping: str) -> None:
        """Note a reply that was read after taking off what the model had wrapped around it."""
        self.unwrapped[wrapping] += 1

    def count_refused(self) -> None:
        """Note a 429: a request that the limits should have held back."""
        self.refused += 1

    def count_settled(self, outcome: Outcome) -> None:
        """Note how a request ended, and what it cost."""
        self.settled += 1
        if isinstance(outcome, Failed):
            self.failed[outcome.code] += 1
        usage = outcome.usage
        self.prompt_tokens += usage.prompt_tokens
        self.completion_tokens += usage.completion_tokens
        self.cached_tokens += usage.cached_tokens
        self.cache_write_tokens += usage.cache_write_tokens
        if outcome.cost_usd is None:
            self.unpriced += 1
        else:
            self.usd += outcome.cost_usd

    def snapshot(self) -> StatsSnapshot:
        """Everything at this moment."""
        return StatsSnapshot(
            sent=self.sent,
            in_flight=self.in_flight,
            settled=self.settled,
            failed=dict(self.failed),
            retried=dict(self.retried),
            refused=self.refused,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            cached_tokens=self.cached_tokens,
            cache_write_tokens=self.cache_write_tokens,
            usd=self.usd,
            unpriced=self.unpriced,
            latency_p50_s=self.latencies.percentile_s(0.50),
            latency_p95_s=self.latencies.percentile_s(0.95),
            latency_p99_s=self.latencies.percentile_s(0.99),
            **self.read_limits()._asdict(),
        )
