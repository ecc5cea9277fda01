"""Puts a run's numbers into words for the terminal."""

from collections.abc import Iterator
from itertools import pairwise

from engine.batch.ledger import read_batches
from engine.run_folder import RunFolder
from jobs.dataset.stages import DATASET
from jobs.documents.whole_corpus.check_held_out import HELD_OUT_CHECK, describe_held_out
from jobs.run.stages import Stages, StagesEnd
from schemas.summary import RequestSummary, RunSummary, StageSummary

LABEL_CHARS = 16
SHOWN_STATS = (
    "settled_per_s",
    "in_flight",
    "sent",
    "settled",
    "refused",
    "latency_p50_s",
    "latency_p99_s",
)


def describe_run(summary: RunSummary, dataset: Stages[None] = DATASET) -> str:
    """The summary as lines of text: the funnel from documents to rows, then what it cost."""
    return "\n".join([*_funnel(summary, dataset), *_costs(summary), *_files(summary)])


def _funnel(summary: RunSummary, dataset: Stages[None]) -> Iterator[str]:
    yield _line("run", summary.run_dir)
    if summary.writer:
        yield _line("written by", summary.writer)
    if summary.stats:
        shown = (f"{name} {summary.stats[name]}" for name in SHOWN_STATS if name in summary.stats)
        yield _line("at the moment", ", ".join(shown))
    if summary.model:
        grade = "  (runs on this machine; its texts are of demo grade)" * summary.is_demo_grade
        yield _line("teacher", summary.model + grade)
    documents = dataset[0]
    dropped = _dropped(summary, documents.name)
    yield _line(documents.label, f"{summary.documents:,} read{dropped}")
    for before, stage in pairwise(dataset):
        if stage.name in summary.stages and stage is not HELD_OUT_CHECK:
            indent = "  " if stage.result is before.result else ""  # it only drops some of them
            yield _line(indent + stage.label, _kept_and_dropped(summary, stage.name))
    if (check := summary.held_out_check) and check.held_out_chunk_count:
        yield _line("held-out text", describe_held_out(check))
    yield _line("rows", ", ".join(f"{rows:,} {name}" for name, rows in summary.rows.items()))


def _costs(summary: RunSummary) -> Iterator[str]:
    for purpose, requests in sorted(summary.requests.items()):
        yield _line(purpose, _describe_requests(requests))
    if batches := summary.batches:
        out = f"{batches.out:,} out with {batches.requests_out:,} requests, " if batches.out else ""
        wasted = f"; {_dollars(batches.wasted_usd)} for nothing" if batches.wasted_usd else ""
        yield _line("batches", f"{out}{batches.collected:,} collected{wasted}")
    yield _line("cost", _dollars(summary.cost_usd) + _estimated(summary))


def _files(summary: RunSummary) -> Iterator[str]:
    yield _line("files", f"{summary.run_dir}/dataset: rows, provenance, held-out questions")
    yield _line("", f"{summary.run_dir}/rejected.jsonl: what was dropped, and why")


def _line(label: str, text: str) -> str:
    return f"{label:<{LABEL_CHARS}} {text}"


def _kept_and_dropped(summary: RunSummary, stage: str) -> str:
    dropped = _dropped(summary, stage)
    if not summary.stages[stage].finished:  # it compares all at once, and counts no items
        return dropped.removeprefix("; ")
    return _kept(summary.stages[stage]) + dropped


def _kept(stage: StageSummary) -> str:
    return f"{stage.results:,} of {stage.results + sum(stage.dropped.values()):,} kept"


def _dropped(summary: RunSummary, stage: str) -> str:
    dropped = summary.stages[stage].dropped if stage in summary.stages else {}
    if not dropped:
        return ""
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in dropped.items())
    return f"; {sum(dropped.values()):,} dropped: {reasons}"


def _describe_requests(requests: RequestSummary) -> str:
    failed = f", {requests.failed:,} failed for good" if requests.failed else ""
    tiers = "".join(f", {count:,} by {tier}" for tier, count in requests.tiers.items())
    written = requests.cache_write_tokens
    cache = f"{requests.cached_tokens:,} cached" + (f", {written:,} written to it" * bool(written))
    return (
        f"{requests.completed:,} requests{failed}{tiers}; {requests.prompt_tokens:,} tokens in "
        f"({cache}), {requests.completion_tokens:,} out, "
        f"{_dollars(requests.cost_usd)}"
    )


def _estimated(summary: RunSummary) -> str:
    """How much of the cost is not by the provider's own word, if any."""
    unsaid_usd = sum(requests.estimated_usd for requests in summary.requests.values())
    parts = []
    if summary.lost_usd:
        parts.append(f"at most {_dollars(summary.lost_usd)} for replies that never came")
    if unsaid_usd:
        parts.append(f"{_dollars(unsaid_usd)} for replies that do not say their tokens")
    return f"; of it estimated: {', '.join(parts)}" if parts else ""


def _dollars(cost_usd: float | None) -> str:
    return "unknown: no price for the model" if cost_usd is None else f"${cost_usd:,.4f}"


def describe_left(folder: RunFolder, end: StagesEnd) -> str:
    """Requests that are out in batches, or items that were set aside, and why."""
    out = [batch for batch in read_batches(folder.batches_path) if not batch.is_collected]
    if out:
        requests = sum(batch.intent.request_count for batch in out)
        batches = "a batch" if len(out) == 1 else f"{len(out)} batches"
        return f"{requests:,} requests are out in {batches}"
    left = sum(end.passed.unsettled.values()) + end.passed.deferred_count
    reasons = [f"{code} {count}" for code, count in end.passed.unsettled.most_common()]
    if end.passed.deferred_count:
        reasons.append(f"waiting for a batch {end.passed.deferred_count}")
    return f"{left} items of stage {end.stage} are left ({', '.join(reasons)})"
