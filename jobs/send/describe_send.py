"""The closing summary of `distill send`."""

from collections.abc import Iterator, Mapping

from jobs.send.lanes.requests import SendEnd


def describe_send(end: SendEnd) -> str:
    """The closing summary: a name and a value a line."""
    return "\n".join(f"{name:<16} {value}" for name, value in _rows(end))


def left_count(end: SendEnd) -> int:
    """How many requests are not settled, as far as it is known of a stream."""
    if end.counts.wanted is None:
        return end.unsettled.total()
    return end.counts.wanted - end.stats.settled


def _rows(end: SendEnd) -> Iterator[tuple[str, str]]:
    counts, stats = end.counts, end.stats
    before = counts.answered_before + counts.failed_before
    failed = sum(stats.failed.values())
    if counts.wanted is not None:
        yield "requests", f"{counts.wanted + before:,}"
    yield "settled before", f"{before:,}" + _among(counts.failed_before, "failed")
    if counts.bad:
        yield "lines left out", f"{counts.bad:,}"
    yield "answered", f"{stats.settled - failed:,}"
    yield "failed", f"{failed:,}" + _by_reason(stats.failed)
    yield "left", f"{left_count(end):,}" + _by_reason(end.unsettled)
    yield "calls sent", f"{stats.sent:,}" + _by_reason(stats.retried, "sent again: ")
    cached = _among(stats.cached_tokens, "cached")
    cached += _among(stats.cache_write_tokens, "written to the cache")
    yield "tokens", f"{stats.prompt_tokens:,} in{cached}, {stats.completion_tokens:,} out"
    unpriced = _among(stats.unpriced, "requests without a known price")
    yield "dollars", f"{stats.usd:.4f}{unpriced}"
    rate = f" ({stats.settled / end.elapsed_s:,.0f} requests/s)" if stats.settled else ""
    yield "seconds", f"{end.elapsed_s:,.1f}{rate}"


def _among(count: int, what: str) -> str:
    return f" ({count:,} {what})" if count else ""


def _by_reason(counts: Mapping[str, int], title: str = "") -> str:
    if not counts:
        return ""
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return f" ({title}{', '.join(f'{_printable(reason)} {count:,}' for reason, count in ordered)})"


def _printable(reason: str) -> str:
    """A code as the provider spelt it, in which nothing can move the terminal's cursor."""
    return "".join(char for char in reason[:60] if char.isprintable())
