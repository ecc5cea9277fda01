import re

from engine.stats.counters import Stats
from engine.stats.prometheus import metrics_lines
from engine.testing.calls import chat_request, completed, failed

SAMPLE = re.compile(r'distill_[a-z_]+(\{[a-z]+="(\\.|[^"\\\n])*"\})? -?\d+(\.\d+)?(e[+-]?\d+)?')


def test_every_line_is_a_type_or_a_sample_and_unknown_values_have_none() -> None:
    stats = Stats()
    stats.count_sent()
    stats.count_settled(completed(chat_request("a")))

    lines = list(metrics_lines(stats.snapshot()))

    assert "distill_sent_total 1" in lines
    assert "distill_in_flight 1" in lines
    assert not any(line.startswith("distill_latency_seconds{") for line in lines)
    assert all(line.startswith("# TYPE ") or SAMPLE.fullmatch(line) for line in lines)


def test_code_of_a_provider_cannot_break_out_of_its_label() -> None:
    stats = Stats()
    stats.count_settled(failed(chat_request("a"), code='x"} 1\nevil_total 7\\'))

    lines = list(metrics_lines(stats.snapshot()))

    assert r'distill_failed_total{code="x\"} 1\nevil_total 7\\"} 1' in lines
    assert not any(line.startswith("evil") for line in lines)
