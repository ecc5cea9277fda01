"""Reads the state of a run from its files; may be called at any time, writes nothing."""

import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import orjson

from engine.batch.ledger import read_batches
from engine.files.journal import Settled, read_settled
from engine.files.jsonl_lines import read_lines
from engine.files.lock import find_writer
from engine.files.records import read_records
from engine.files.sends import read_sends
from engine.run_folder import RunFolder
from engine.stage import FinishedItem
from jobs.dataset.stages import DATASET
from jobs.documents.whole_corpus.check_held_out import read_held_out_check
from jobs.run.batch_folders import read_batch_losses
from jobs.run.stages import Stages
from jobs.settings.run_config import read_run_config
from schemas.dataset import Rejection
from schemas.summary import BatchesSummary, RequestSummary, RunSummary, StageSummary

TAIL_BYTES = 1 << 16
DATASET_FILES = ("train.jsonl", "validation.jsonl", "held_out.jsonl")


def summarize_run(folder: RunFolder, dataset: Stages[None] = DATASET) -> RunSummary:
    """The run's numbers.

    Raises:
        ConfigError: the run was written by a newer version.
        DamagedLogError: a file of the run is damaged.
    """
    config = read_run_config(folder.config_path)
    writer = find_writer(folder.lock_path)
    sends = read_sends(folder.sends_path)  # before the journal: what is settled since is not lost
    unsettled = dict(sends.out_usd)
    requests = _sum_requests(folder.journal_path, unsettled)
    for settled in read_settled(folder.retried_path):
        unsettled.pop(settled.request_id, None)
    lost_usd = sum(sends.lost_usd.values()) + (0.0 if writer else sum(unsettled.values()))
    costs = [summary.cost_usd for summary in requests.values()]
    costs += [settled.cost_usd for settled in read_settled(folder.retried_path)]
    batches = _sum_batches(folder)
    costs += [batches.wasted_usd if batches else 0.0, lost_usd]
    known = [cost for cost in costs if cost is not None]
    return RunSummary(
        run_dir=os.fsencode(folder.run_dir).decode(errors="backslashreplace"),
        run_id=config.run.run_id if config else None,
        model=config.settings.teacher.model if config else None,
        is_demo_grade=config is not None and config.settings.teacher.is_local,
        documents=_count_lines(folder.results_path("documents")),
        stages=_sum_stages(folder, dataset),
        requests=requests,
        rows={name: _count_lines(folder.dataset_dir / name) for name in DATASET_FILES},
        held_out_check=read_held_out_check(folder),
        batches=batches,
        cost_usd=sum(known) if len(known) == len(costs) else None,
        lost_usd=lost_usd,
        writer=writer,
        stats=_read_last_line(folder.stats_path) if writer else None,
    )


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
    )


def _sum_stages(folder: RunFolder, dataset: Stages[None]) -> dict[str, StageSummary]:
    dropped: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for rejection in read_records(folder.rejected_path, Rejection):
        dropped[rejection.stage][rejection.reason] += 1
    stages = {}
    for name in (stage.name for stage in dataset):
        finished = list(_result_counts(folder.finished_path(name)))
        if finished or dropped[name]:
            stages[name] = StageSummary(
                finished=len(finished),
                results=sum(finished),
                dropped=dict(dropped[name].most_common()),
            )
    return stages


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
        else:  # what nobody reported was not written for certain
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


def _read_last_line(path: Path) -> dict[str, object] | None:
    """The last whole line of a file of short lines."""
    if not path.exists():
        return None
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        lines = file.read().split(b"\n")
    try:
        last: dict[str, object] | None = orjson.loads(lines[-2]) if len(lines) > 1 else None
    except orjson.JSONDecodeError:  # torn by a crash: these lines are not synced
        return None
    return last
