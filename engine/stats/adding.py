"""Counters of several processes as those of one."""

from collections import Counter
from collections.abc import Sequence

from engine.stats.counters import LimitGauges, Stats, StatsSnapshot

_COUNTERS = (
    "sent",
    "in_flight",
    "settled",
    "refused",
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "usd",
    "unpriced",
)
_SUMS = (*_COUNTERS, "max_in_flight")
_MOST = (  # the limits are those of the account, which all see; times are the slowest one's
    "latency_p50_s",
    "latency_p95_s",
    "latency_p99_s",
    "requests_per_minute",
    "tokens_per_minute",
    "utilisation",
)


def add_snapshots(snapshots: Sequence[StatsSnapshot]) -> StatsSnapshot:
    """The counters added up; times, limits and their use are the largest."""
    failed, retried = Counter[str](), Counter[str]()
    for each in snapshots:
        failed.update(each.failed)
        retried.update(each.retried)
    sums = {name: sum(getattr(each, name) for each in snapshots) for name in _SUMS}
    most = {
        name: max((value for each in snapshots if (value := getattr(each, name))), default=None)
        for name in _MOST
    }
    return StatsSnapshot(**sums, **most, failed=dict(failed), retried=dict(retried))


def count_growth(stats: Stats, before: StatsSnapshot, now: StatsSnapshot) -> None:
    """Count what others have done between two snapshots; limits are what they are at the second.

    Their times are not known one by one, and not counted.
    """
    for name in _COUNTERS:
        setattr(stats, name, getattr(stats, name) + getattr(now, name) - getattr(before, name))
    stats.failed.update(Counter(now.failed) - Counter(before.failed))
    stats.retried.update(Counter(now.retried) - Counter(before.retried))
    gauges = LimitGauges(**now.model_dump(include=set(LimitGauges._fields)))
    stats.read_limits = lambda: gauges
