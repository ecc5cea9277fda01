"""Puts a run's numbers into words for the terminal."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise

from engine.batch.ledger import read_batches
from engine.run_folder import RunFolder
from jobs.amounts import dollars, percent
from jobs.dataset.ask_teacher import ANSWERS, QUESTIONS
from jobs.dataset.stages import DATASET
from jobs.documents.chunk_documents import NOTES
from jobs.documents.whole_corpus.check_held_out import HELD_OUT_CHECK, describe_held_out
from jobs.run.run_stages import StagesEnd
from jobs.run.stages import Stages
from jobs.show.describe_state import (
    describe_open_batches,
    describe_remaining,
    describe_scores,
    describe_state,
)
from schemas.dataset import DocumentCoverage
from schemas.summary import (
    CoverageSummary,
    DocumentsSummary,
    RequestSummary,
    RunSummary,
    StageSummary,
)

LABEL_CHARS = 16
MAX_NAMED = 3  # documents, and reasons of each
ROUNDING_USD = 1e-9  # sums of floats


def describe_run(
    summary: RunSummary, dataset: Stages[None] = DATASET, *, now: datetime | None = None
) -> str:
    """The summary as lines of text: where it stands, from documents to rows, what it cost."""
    now = now or datetime.now(UTC)
    lines = [
        ("run", summary.run_dir),
        *describe_state(summary, dataset, now),
        *_funnel(summary, dataset),
        *describe_remaining(summary),
        *_costs(summary, now),
        *describe_scores(summary),
        *_files(summary),
    ]
    return "\n".join(_line(label, text) for label, text in lines)


def _funnel(summary: RunSummary, dataset: Stages[None]) -> Iterator[tuple[str, str]]:
    if summary.model:
        grade = "  (runs on this machine; its texts are of demo grade)" * summary.is_demo_grade
        yield "teacher", summary.model + grade
    documents = dataset[0]
    dropped = _dropped(summary, documents.name)
    yield documents.label, f"{summary.documents:,} read{dropped}"
    for before, stage in pairwise(dataset):
        check = summary.held_out_check
        if stage is HELD_OUT_CHECK and check and check.held_out_chunk_count:
            yield stage.label, describe_held_out(check)
        elif stage.name in summary.stages and stage is not HELD_OUT_CHECK:
            indent = "  " if stage.result is before.result else ""  # it only drops some of them
            yield indent + stage.label, _kept_and_dropped(summary, stage.name)
        if stage is QUESTIONS and summary.limit_chunks is not None:
            asked = min(summary.limit_chunks, summary.usable_chunks)
            limit = f"limit_chunks = {summary.limit_chunks:,}"
            yield "", f"about {asked:,} of {summary.usable_chunks:,} chunks ({limit})"
    if coverage := summary.coverage:
        yield "coverage", _describe_coverage(coverage)
        if coverage.documents:
            yield "", _describe_documents(coverage.documents)
    yield "rows", ", ".join(f"{rows:,} {name}" for name, rows in summary.rows.items())


def _describe_coverage(coverage: CoverageSummary) -> str:
    return (
        f"{coverage.asked:,} of {coverage.chunks:,} chunks asked; of {coverage.trained:,} to train "
        f"on, {coverage.with_rows:,} have a row"
    )


def _describe_documents(documents: DocumentsSummary) -> str:
    counts = f"of {documents.trained:,} documents to train on, {documents.with_rows:,} have a row"
    bare = [each for each in documents.poorest if not each.rows][:MAX_NAMED]
    named = "; ".join(map(describe_document, bare))
    return f"{counts}; without: {named}" if named else counts


def describe_document(document: DocumentCoverage) -> str:
    """A document, its chunks, and what was dropped of it most for which reasons."""
    reasons = list(document.dropped.items())[:MAX_NAMED]
    dropped = ", ".join(f"{reason} {count:,}" for reason, count in reasons)
    chunks = f"{document.asked_chunks:,} of {document.chunks:,} chunks asked"
    return f"{document.path} ({chunks}{f'; dropped: {dropped}' if dropped else ''})"


def _costs(summary: RunSummary, now: datetime) -> Iterator[tuple[str, str]]:
    for purpose, requests in sorted(summary.requests.items(), key=_order):
        yield purpose, _describe_requests(requests)
    if batches := summary.batches:
        out = f"{batches.out:,} out with {batches.requests_out:,} requests, " if batches.out else ""
        wasted = f"; {dollars(batches.wasted_usd)} for nothing" if batches.wasted_usd else ""
        yield "batches", f"{out}{batches.collected:,} collected{wasted}"
        yield from describe_open_batches(summary, now)
    yield "cost", dollars(summary.cost_usd) + _budget(summary) + _estimated(summary)


def _order(purpose: tuple[str, RequestSummary]) -> tuple[int, str]:
    """Purposes in the order of their stages, then all others."""
    asked = [name for stage in DATASET for name in stage.purposes]
    name = purpose[0]
    return (asked.index(name) if name in asked else len(asked), name)


def _budget(summary: RunSummary) -> str:
    if summary.budget_usd is None or summary.cost_usd is None:
        return ""
    share = percent(summary.cost_usd, summary.budget_usd)
    return f" of a budget of {dollars(summary.budget_usd)} ({share})"


def _files(summary: RunSummary) -> Iterator[tuple[str, str]]:
    yield "files", f"{summary.run_dir}/dataset: rows, provenance, held-out questions"
    yield "", f"{summary.run_dir}/rejected.jsonl: what was dropped, and why"


def _line(label: str, text: str) -> str:
    return f"{label:<{LABEL_CHARS}} {text}"


def _kept_and_dropped(summary: RunSummary, stage: str) -> str:
    dropped = _dropped(summary, stage)
    done = summary.stages[stage]
    if not done.finished and done.total is None:  # it compares all at once, and counts no items
        return dropped.removeprefix("; ")
    return _left(summary, stage) + _kept(summary.stages[stage]) + dropped


def _left(summary: RunSummary, stage: str) -> str:
    """How much of a stage that asks is done, while something of it is left."""
    done = summary.stages[stage]
    if done.total is None or done.finished >= done.total:
        return ""
    what = {QUESTIONS.name: " chunks", ANSWERS.name: " questions"}.get(stage, "")
    return f"{done.finished:,} of {done.total:,}{what} done; "


def _kept(stage: StageSummary) -> str:
    dropped_count = sum(count for reason, count in stage.dropped.items() if reason not in NOTES)
    return f"{stage.results:,} of {stage.results + dropped_count:,} kept"


def _dropped(summary: RunSummary, stage: str) -> str:
    """What was dropped for which reasons, and what was only noted."""
    found = summary.stages[stage].dropped if stage in summary.stages else {}
    dropped = {reason: count for reason, count in found.items() if reason not in NOTES}
    noted = {reason: count for reason, count in found.items() if reason in NOTES}
    said = f"; {sum(dropped.values()):,} dropped: {_counted(dropped)}" if dropped else ""
    return said + (f"; noted: {_counted(noted)}" if noted else "")


def _counted(reasons: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {count:,}" for reason, count in reasons.items())


def _describe_requests(requests: RequestSummary) -> str:
    failed = f", {requests.failed:,} failed for good" if requests.failed else ""
    tiers = "".join(f", {count:,} by {tier}" for tier, count in requests.tiers.items())
    written = requests.cache_write_tokens
    cache = f"{requests.cached_tokens:,} cached" + (f", {written:,} written to it" * bool(written))
    return (
        f"{requests.completed:,} requests{failed}{tiers}; {requests.prompt_tokens:,} tokens in "
        f"({cache}), {requests.completion_tokens:,} out, "
        f"{dollars(requests.cost_usd)}"
    )


def _estimated(summary: RunSummary) -> str:
    """How much of the cost is not by the provider's own word, if any."""
    unsaid_usd = summary.estimated_usd - summary.lost_usd
    parts = []
    if summary.lost_usd:
        parts.append(f"at most {dollars(summary.lost_usd)} for replies that never came")
    if unsaid_usd > ROUNDING_USD:
        parts.append(f"{dollars(unsaid_usd)} for replies that do not say their tokens")
    if not parts or not summary.cost_usd:
        return ""
    share = percent(summary.estimated_usd, summary.cost_usd)
    return f"; of it estimated ({share}): {', '.join(parts)}"


def describe_left(folder: RunFolder, end: StagesEnd) -> str:
    """Requests that are out in batches, or items that were set aside, and why."""
    out = [batch for batch in read_batches(folder.batches_path) if not batch.is_collected]
    if out:
        requests = sum(batch.intent.request_count for batch in out)
        batches = "a batch" if len(out) == 1 else f"{len(out)} batches"
        return f"{requests:,} requests are out in {batches}"
    return end.describe_left()
