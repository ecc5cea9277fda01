"""Puts into words where a run stands, what is left, and what became of its models."""

from collections.abc import Iterator
from datetime import UTC, datetime

from engine.wire.server_text import without_controls
from jobs.amounts import duration, percent, rounded
from jobs.run.stages import Stages
from schemas.summary import OpenBatch, RunSummary

MAX_BATCHES = 5
SHOWN_STATS = (
    "settled_per_s",
    "in_flight",
    "sent",
    "settled",
    "refused",
    "latency_p50_s",
    "latency_p99_s",
)
STATE_WORDS = {
    "running": "running",
    "waiting": "waiting for batches",
    "complete": "complete",
    "left": "not complete",
    "interrupted": "interrupted",
    "failed": "ended by an error",
    "unknown": "not running, not complete",
}
HINTS = {
    "waiting": "the same command again collects what has come back",
    "left": "the same command again goes on",
    "interrupted": "the same command again goes on",
    "unknown": "the same command again goes on",
}

Line = tuple[str, str]


def describe_state(summary: RunSummary, dataset: Stages[None], now: datetime) -> Iterator[Line]:
    """Running or ended and since when, the stage, the rate, and the last error, if any."""
    state = summary.state
    yield "state", describe_state_words(summary, now)
    if state.name in HINTS:
        yield "", HINTS[state.name]
    if summary.writer:
        yield "written by", summary.writer
    if state.message:
        yield "last error" if state.name == "failed" else "why", state.message
    if state.stage is not None:
        yield "at stage", _describe_place(summary, dataset)
    if summary.stats:
        shown = {name: summary.stats[name] for name in SHOWN_STATS if name in summary.stats}
        yield "at the moment", ", ".join(f"{name} {text}" for name, text in rounded(shown).items())


def describe_state_words(summary: RunSummary, now: datetime) -> str:
    """The state in a line: what it is, of which command, and since when."""
    return STATE_WORDS[summary.state.name] + _describe_time(summary, now)


def _describe_time(summary: RunSummary, now: datetime) -> str:
    state = summary.state
    command = f": distill {state.command}" if state.command else ""
    if state.since is None:
        return command
    since = datetime.fromisoformat(state.since)
    age = duration((now - since).total_seconds())
    at = f"{since.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    verb = "begun" if state.name == "running" else "ended" if command else "since"
    return f"{command}{',' * bool(command)} {verb} {age} ago ({at})"


def _describe_place(summary: RunSummary, dataset: Stages[None]) -> str:
    state = summary.state
    label = next(stage.label for stage in dataset if stage.name == state.stage)
    place = f"{state.stage_number} of {state.stage_count}: {label}"
    done = summary.stages.get(state.stage or "")
    if done is None or not done.total:
        return place
    share = percent(done.finished, done.total)
    return f"{place}, {done.finished:,} of {done.total:,} done ({share})"


def describe_remaining(summary: RunSummary) -> Iterator[Line]:
    """The requests that are left, and the time they take at the present rate."""
    left = summary.remaining
    if left is None or not left.requests:
        return
    text = f"about {left.requests:,} requests"
    if left.seconds is not None and left.per_s is not None:
        text += f", {duration(left.seconds)} at the present {left.per_s:.3g} a second"
    yield "left", text


def describe_open_batches(summary: RunSummary, now: datetime) -> Iterator[Line]:
    """Each batch that is out, the oldest first, with its age and when it expires."""
    batches = summary.batches.open if summary.batches else ()
    for batch in batches[:MAX_BATCHES]:
        yield "", _describe_batch(batch, now)
    if len(batches) > MAX_BATCHES:
        rest = len(batches) - MAX_BATCHES
        yield "", f"and {rest:,} more: `distill batches {summary.run_dir}` shows them"
    for problem in summary.batches.problems if summary.batches else ():
        yield "", without_controls(problem)


def _describe_batch(batch: OpenBatch, now: datetime) -> str:
    age = duration((now - datetime.fromisoformat(batch.made_at)).total_seconds())
    left_s = (datetime.fromisoformat(batch.expires_at) - now).total_seconds()
    expiry = f"expires in {duration(left_s)}" if left_s > 0 else "past its 24 hours"
    return (
        f"{batch.batch} {batch.state}: {batch.answered_count:,} of {batch.request_count:,} "
        f"answered, {age} old, {expiry}"
    )


def describe_scores(summary: RunSummary) -> Iterator[Line]:
    """The mean scores of each model in the last comparison."""
    by_contender: dict[str, list[str]] = {}
    for score in summary.scores:
        name = f"{score.contender} ({score.model})"
        by_contender.setdefault(name, []).append(f"{score.metric} {score.value:.2f}")
    for number, (name, scores) in enumerate(by_contender.items()):
        yield "" if number else "scores", f"{name}: {', '.join(scores)}"
