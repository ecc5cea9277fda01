from engine.stats.adding import add_snapshots
from engine.stats.counters import Stats
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
