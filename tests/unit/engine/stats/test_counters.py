"""The counters and what is read from them."""

import random
from dataclasses import replace

import pytest

from engine.stats.counters import Latencies, LimitGauges, Stats
from engine.testing.calls import chat_request, failed
from schemas.outcomes import Usage


def test_percentiles_are_right_to_within_three_percent() -> None:
    latencies = Latencies()
    draw = random.Random(3)
    values = [draw.lognormvariate(0.0, 1.0) for _ in range(5000)]

    for value in values:
        latencies.add(value)

    values.sort()
    for fraction in (0.5, 0.95, 0.99):
        exact = values[int(fraction * len(values)) - 1]
        assert latencies.percentile_s(fraction) == pytest.approx(exact, rel=0.026)


def test_durations_beyond_all_bins_are_counted_in_the_last() -> None:
    latencies = Latencies()

    latencies.add(0.0)
    latencies.add(1e9)

    assert latencies.percentile_s(0.99) == pytest.approx(2200, rel=0.1)


def test_snapshot_is_empty_before_the_first_request_and_can_be_a_line() -> None:
    snapshot = Stats().snapshot()

    assert snapshot.latency_p50_s is None
    assert snapshot.utilisation is None
    assert '"sent":0' in snapshot.model_dump_json()


def test_snapshot_shows_what_was_counted() -> None:
    stats = Stats()
    stats.read_limits = lambda: LimitGauges(600.0, None, 8, 0.97)
    refused = replace(
        failed(chat_request(), "refused", status=200, cost_usd=None), usage=Usage(10, 5, 4)
    )

    stats.count_sent()
    stats.count_sent()
    stats.count_back()
    stats.count_retry("timeout")
    stats.count_refused()
    stats.count_settled(refused)
    snapshot = stats.snapshot()

    assert (snapshot.sent, snapshot.in_flight, snapshot.settled) == (2, 1, 1)
    assert (snapshot.failed, snapshot.retried) == ({"refused": 1}, {"timeout": 1})
    assert (snapshot.prompt_tokens, snapshot.cached_tokens, snapshot.unpriced) == (10, 4, 1)
    assert (snapshot.requests_per_minute, snapshot.max_in_flight) == (600.0, 8)
