from engine.stats.adding import add_snapshots, count_growth
from engine.stats.counters import LimitGauges, Stats
from engine.testing.calls import chat_request, failed


def test_counters_are_added_up_and_the_slowest_process_tells_the_times() -> None:
    one, other = Stats(), Stats()
    for stats, latency_s in ((one, 0.1), (other, 0.4)):
        stats.count_sent()
        stats.latencies.add(latency_s)
        stats.count_retry("busy")
        stats.count_settled(failed(chat_request("a"), code="refused", cost_usd=0.5))

    added = add_snapshots([one.snapshot(), other.snapshot()])

    assert (added.sent, added.in_flight, added.settled, added.usd) == (2, 2, 2, 1.0)
    assert (added.failed, added.retried) == ({"refused": 2}, {"busy": 2})
    assert added.latency_p50_s == other.snapshot().latency_p50_s
    assert added.requests_per_minute is None


def test_nothing_added_up_is_nothing() -> None:
    assert add_snapshots([]) == Stats().snapshot()


def test_growth_of_others_is_counted_once_and_their_limits_are_shown() -> None:
    other, stats = Stats(), Stats()
    other.read_limits = lambda: LimitGauges(requests_per_minute=600.0, max_in_flight=8)
    stats.usd = 1.0
    other.count_settled(failed(chat_request("a"), code="refused", cost_usd=0.5))
    before = other.snapshot()
    other.count_sent()
    other.count_retry("busy")
    other.count_settled(failed(chat_request("b"), code="refused", cost_usd=0.25))

    count_growth(stats, before, other.snapshot())

    seen = stats.snapshot()
    assert (seen.sent, seen.in_flight, seen.settled, seen.usd) == (1, 1, 1, 1.25)
    assert (seen.failed, seen.retried) == ({"refused": 1}, {"busy": 1})
    assert (seen.requests_per_minute, seen.max_in_flight) == (600.0, 8)
