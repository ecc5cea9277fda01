"""A run on one small screen: what `distill status --watch` shows, as lines of plain text."""

from collections.abc import Iterator
from datetime import datetime

from engine.wire.server_text import without_controls
from jobs.amounts import dollars, duration, percent
from jobs.run.stages import Stages
from jobs.show.describe_state import describe_remaining, describe_state_words
from schemas.summary import RunSummary

LABEL_CHARS = 14
BAR_CHARS = 24
FULL, EMPTY = "█", "░"
ELLIPSIS = "…"


def watch_lines(
    summary: RunSummary, dataset: Stages[None], now: datetime, *, width: int, height: int
) -> list[str]:
    """At most `height` lines of at most `width` characters; what does not fit is cut off."""
    lines = [
        _cut(f"{label:<{LABEL_CHARS}}{without_controls(text)}", width)
        for label, text in _rows(summary, dataset, now)
    ]
    return lines[:height]


def _rows(summary: RunSummary, dataset: Stages[None], now: datetime) -> Iterator[tuple[str, str]]:
    state = summary.state
    yield "run", summary.run_dir
    yield "state", describe_state_words(summary, now)
    if state.message:
        yield "", " ".join(state.message.split())
    if summary.model:
        yield "teacher", summary.model
    yield "", ""
    for stage in dataset:
        if (done := summary.stages.get(stage.name)) is not None and done.total is not None:
            mark = ">" if stage.name == state.stage else " "
            dropped = sum(done.dropped.values())
            kept = f"  {done.results:,} kept, {dropped:,} dropped"
            yield f"{mark}{stage.label}", f"{_bar(done.finished, done.total)}{kept}"
    if summary.limit_chunks is not None:
        asked = min(summary.limit_chunks, summary.usable_chunks)
        yield "", f"a sample of {asked:,} of {summary.usable_chunks:,} chunks"
    yield " rows", f"{sum(summary.rows.values()):,} written"
    yield "", ""
    yield from describe_remaining(summary)
    yield from _rate(summary)
    yield from _batches(summary, now)
    yield "cost", _cost(summary)


def _bar(done: int, total: int) -> str:
    share = min(1.0, done / total) if total else 0.0
    full = int(share * BAR_CHARS)
    return f"{FULL * full}{EMPTY * (BAR_CHARS - full)} {done:,} of {total:,}"


def _rate(summary: RunSummary) -> Iterator[tuple[str, str]]:
    if not (stats := summary.stats):
        return
    latency = stats.get("latency_p50_s")
    parts = [
        f"{stats.get('settled_per_s')} a second",
        f"{stats.get('in_flight')} in flight",
        f"{stats.get('refused')} refused",
    ]
    if isinstance(latency, float):
        parts.append(f"half within {latency:.2g} s")
    yield "now", ", ".join(parts)


def _batches(summary: RunSummary, now: datetime) -> Iterator[tuple[str, str]]:
    batches = summary.batches
    if batches is None:
        return
    text = f"{batches.out:,} out with {batches.requests_out:,} requests, "
    text += f"{batches.collected:,} collected"
    yield "batches", text
    if batches.open:
        first = min(batches.open, key=lambda batch: batch.expires_at)
        left_s = (datetime.fromisoformat(first.expires_at) - now).total_seconds()
        expiry = f"expires in {duration(left_s)}" if left_s > 0 else "is past its 24 hours"
        answered = f"{first.answered_count:,} of {first.request_count:,} answered"
        yield "", f"oldest: {first.state}, {answered}, {expiry}"


def _cost(summary: RunSummary) -> str:
    text = dollars(summary.cost_usd)
    if summary.budget_usd is not None and summary.cost_usd is not None:
        share = percent(summary.cost_usd, summary.budget_usd)
        text += f" of {dollars(summary.budget_usd)} ({share})"
    if summary.estimated_usd and summary.cost_usd:
        text += f", {percent(summary.estimated_usd, summary.cost_usd)} of it estimated"
    return text


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: width - 1] + ELLIPSIS
