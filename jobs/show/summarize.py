"""Reads the state of a run from its files; may be called at any time, writes nothing."""

import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from engine.batch.ledger import read_batches
from engine.errors import DamagedLogError
from engine.files.journal import Settled, read_settled
from engine.files.jsonl_lines import read_lines
from engine.files.lock import find_writer
from engine.files.records import first_problem, read_records
from engine.files.sent_sums import read_sends
from engine.run_folder import RunFolder
from engine.stage import FinishedItem
from engine.stats.snapshots import read_snapshots
from jobs.dataset.coverage import read_coverage, read_document_coverage
from jobs.dataset.questions.choose_chunks import count_usable_chunks
from jobs.dataset.stages import DATASET
from jobs.documents.read_documents import DOCUMENTS
from jobs.documents.whole_corpus.check_held_out import read_held_out_check
from jobs.run.batch_folders import read_batch_losses
from jobs.run.stages import Stage, Stages
from jobs.settings.run_config import read_run_config
from jobs.show.remaining import find_remaining, rate_per_s
from jobs.show.run_state import read_run_state
from schemas.batches import Batch, describe_problem
from schemas.comparison import Comparison
from schemas.dataset import Rejection
from schemas.settings import RunSettings
from schemas.summary import (
    BatchesSummary,
    CoverageSummary,
    DocumentsSummary,
    OpenBatch,
    RequestSummary,
    RunState,
    RunSummary,
    ScoreSummary,
    StageSummary,
)

BATCH_WINDOW = timedelta(hours=24)  # the only one that there is (OpenAI Batch guide)
DATASET_FILES = ("train.jsonl", "validation.jsonl", "held_out.jsonl")

MAX_PROBLEMS = 3  # batches that failed, of which the last are shown


def summarize_run(folder: RunFolder, dataset: Stages[None] = DATASET) -> RunSummary:
    """The run's numbers.

    Raises:
        ConfigError: the run was written by a newer version.
        DamagedLogError: a file of the run is damaged.
    """
    config, writer = read_run_config(folder.config_path), find_writer(folder.lock_path)
    settings = config.settings if config else RunSettings()
    money, batches = _sum_money(folder, writer), _sum_batches(folder)
    stages = _sum_stages(folder, dataset, settings)
    wanted = tuple(stage for stage in dataset if stage.is_wanted(settings))
    state = read_run_state(folder, wanted, stages, writer=writer, has_batches_out=_is_out(batches))
    snapshots = _snapshots_of(state, folder)
    per_s = None if _is_out(batches) else rate_per_s(snapshots)
    return RunSummary(
        run_dir=os.fsencode(folder.run_dir).decode(errors="backslashreplace"),
        run_id=config.run.run_id if config else None,
        state=state,
        model=config.settings.teacher.model if config else None,
        is_demo_grade=config is not None and config.settings.teacher.is_local,
        documents=_count_lines(folder.results_path(DOCUMENTS.name)),
        usable_chunks=count_usable_chunks(folder, settings),
        limit_chunks=settings.limit_chunks,
        stages=stages,
        requests=money.requests,
        rows={name: _count_lines(folder.dataset_dir / name) for name in DATASET_FILES},
        held_out_check=read_held_out_check(folder),
        coverage=_read_coverage(folder),
        batches=batches,
        cost_usd=money.cost_usd,
        estimated_usd=money.estimated_usd,
        lost_usd=money.lost_usd,
        budget_usd=settings.budget.usd,
        remaining=find_remaining(folder, stages, money.requests, per_s=per_s),
        scores=read_scores(folder),
        writer=writer,
        stats=snapshots[-1] if snapshots else None,
    )


def _snapshots_of(state: RunState, folder: RunFolder) -> list[dict[str, Any]]:
    """The counters of a run that is at work, from its start on; none of any other."""
    is_at_work = state.name == "running" and state.since is not None
    return read_snapshots(folder.stats_path, since=state.since or "") if is_at_work else []


class _Money(NamedTuple):
    """Settled requests by purpose, and what all cost, also what settled nothing."""

    requests: dict[str, RequestSummary]
    cost_usd: float | None
    estimated_usd: float
    lost_usd: float


def _sum_money(folder: RunFolder, writer: str | None) -> _Money:
    sends = read_sends(folder.sends_path)  # before the journal: what is settled since is not lost
    unsettled = dict(sends.out_usd)
    requests = _sum_requests(folder.journal_path, unsettled)
    for settled in read_settled(folder.retried_path):
        unsettled.pop(settled.request_id, None)
    lost_usd = sum(sends.lost_usd.values()) + (0.0 if writer else sum(unsettled.values()))
    costs = [summary.cost_usd for summary in requests.values()]
    costs += [settled.cost_usd for settled in read_settled(folder.retried_path)]
    costs += [*read_batch_losses(folder), lost_usd]
    known = [cost for cost in costs if cost is not None]
    cost_usd = sum(known) if len(known) == len(costs) else None
    estimated_usd = lost_usd + sum(each.estimated_usd for each in requests.values())
    return _Money(requests, cost_usd, estimated_usd, lost_usd)


def _read_coverage(folder: RunFolder) -> CoverageSummary | None:
    chunks, documents = read_coverage(folder), read_document_coverage(folder)
    if chunks is None:
        return None
    by_document = DocumentsSummary(**documents._asdict()) if documents else None
    return CoverageSummary(**chunks._asdict(), documents=by_document)


def read_lost_usd(folder: RunFolder) -> float:
    """The most that replies may have cost that never came.

    Raises:
        DamagedLogError: a file of the run is damaged.
    """
    return _sum_money(folder, find_writer(folder.lock_path)).lost_usd


def _sum_batches(folder: RunFolder) -> BatchesSummary | None:
    batches = read_batches(folder.batches_path)
    if not batches:
        return None
    out = [batch for batch in batches if not batch.is_collected]
    return BatchesSummary(
        out=len(out),
        requests_out=sum(batch.intent.request_count for batch in out),
        collected=len(batches) - len(out),
        wasted_usd=sum(read_batch_losses(folder)),
        open=tuple(map(_open_batch, out)),
        problems=tuple(filter(None, map(describe_problem, batches)))[-MAX_PROBLEMS:],
    )


def _is_out(batches: BatchesSummary | None) -> bool:
    return batches is not None and batches.out > 0


def _open_batch(batch: Batch) -> OpenBatch:
    made_at = batch.created_at or batch.intended_at
    expires_at = datetime.fromisoformat(made_at) + BATCH_WINDOW
    return OpenBatch(
        batch=batch.name,
        batch_id=batch.remote.batch_id,
        state=batch.state,
        request_count=batch.intent.request_count,
        answered_count=batch.remote.done_count or 0,
        made_at=made_at,
        expires_at=expires_at.isoformat(timespec="seconds"),
    )


def _sum_stages(
    folder: RunFolder, dataset: Stages[None], settings: RunSettings
) -> dict[str, StageSummary]:
    dropped: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for rejection in read_records(folder.rejected_path, Rejection):
        dropped[rejection.stage][rejection.reason] += 1
    stages = {}
    for stage in dataset:
        name, total = stage.name, _count_items(stage, folder, settings)
        finished = list(_result_counts(folder.finished_path(name)))
        if finished or dropped[name] or total:
            stages[name] = StageSummary(
                total=total,
                finished=len(finished),
                results=sum(finished),
                dropped=dict(dropped[name].most_common()),
            )
    return stages


def _count_items(stage: Stage[None], folder: RunFolder, settings: RunSettings) -> int | None:
    return stage.count_items(folder, settings) if stage.is_wanted(settings) else None


def _result_counts(path: Path) -> Iterator[int]:
    return (item.result_count for item in read_records(path, FinishedItem))


def _sum_requests(journal_path: Path, unsettled: dict[str, float]) -> dict[str, RequestSummary]:
    """Add up the journal by purpose; what it settles is taken out of `unsettled`."""
    tallies: defaultdict[str, _Tally] = defaultdict(_Tally)
    for settled in read_settled(journal_path):
        unsettled.pop(settled.request_id, None)
        tallies[settled.purpose].add(settled)
    return {purpose: tally.summary() for purpose, tally in tallies.items()}


class _Tally:
    """Adds up the settled requests of one purpose."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._cost_usd: float | None = 0.0
        self._estimated_usd = 0.0
        self._tiers: Counter[str] = Counter()

    def add(self, settled: Settled) -> None:
        self._counts["completed" if settled.is_completed else "failed"] += 1
        self._counts["prompt_tokens"] += settled.usage.prompt_tokens
        self._counts["cached_tokens"] += settled.usage.cached_tokens
        self._counts["completion_tokens"] += settled.usage.completion_tokens
        if tier := "batch" if settled.lane == "batch" else settled.service_tier:
            self._tiers[tier] += 1
        if settled.is_estimated:
            self._estimated_usd += settled.cost_usd or 0.0
        else:  # what was not reported was not written for certain
            self._counts["cache_write_tokens"] += settled.usage.cache_write_tokens
        if self._cost_usd is not None and settled.cost_usd is not None:
            self._cost_usd += settled.cost_usd
        else:
            self._cost_usd = None

    def summary(self) -> RequestSummary:
        return RequestSummary(
            completed=self._counts["completed"],
            failed=self._counts["failed"],
            prompt_tokens=self._counts["prompt_tokens"],
            cached_tokens=self._counts["cached_tokens"],
            completion_tokens=self._counts["completion_tokens"],
            cost_usd=self._cost_usd,
            estimated_usd=self._estimated_usd,
            cache_write_tokens=self._counts["cache_write_tokens"],
            tiers=dict(sorted(self._tiers.items())),
        )


def _count_lines(path: Path) -> int:
    return sum(1 for _ in read_lines(path))


def read_scores(folder: RunFolder) -> tuple[ScoreSummary, ...]:
    """The mean scores of the last comparison; none if models were not compared yet.

    Raises:
        DamagedLogError: the comparison is not what distill writes.
    """
    path = folder.evaluation_dir / "comparison.json"
    if not path.exists():
        return ()
    try:
        comparison = Comparison.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise DamagedLogError(
            f"{path}: {first_problem(error)}; `distill compare {folder.run_dir}` writes it anew"
        ) from error
    return tuple(
        ScoreSummary(
            contender=score.contender.name,
            model=score.contender.model,
            metric=score.metric,
            n=score.estimate.n,
            value=score.estimate.value,
            low=score.estimate.low,
            high=score.estimate.high,
        )
        for score in comparison.answerable.scores
        if score.estimate.value is not None
    )
