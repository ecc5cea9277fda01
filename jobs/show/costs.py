"""What a run cost, by day, model, purpose and lane: a table for people, CSV for spreadsheets."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from itertools import chain
from typing import Literal, NamedTuple, get_args

from engine.batch.ledger import read_batches
from engine.errors import ConfigError
from engine.files.journal import read_settled
from engine.files.records import read_records
from engine.run_folder import RunFolder
from jobs.amounts import dollars
from jobs.run.batch_folders import run_batch_folder
from schemas.batches import BatchAttempt
from schemas.finetuning import TuningEvent

Part = Literal["day", "model", "purpose", "lane"]

PARTS: tuple[Part, ...] = get_args(Part)
NO_DAY = ""
DAY_CHARS = len("2026-11-25")
USD_DIGITS = 9
LOST_REPLIES, BATCH_LOSSES = "lost replies", "batches for nothing"
FINE_TUNING = "fine-tuning"


class CostKey(NamedTuple):
    """What costs are told apart by; empty where something has none."""

    day: str
    model: str
    purpose: str
    lane: str


@dataclass
class CostSums:
    """The sums of one row; `cost_usd` None: the price of one request is unknown."""

    requests: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0

    def add(self, other: "CostSums") -> None:
        """Add another row."""
        self.requests += other.requests
        self.failed += other.failed
        self.prompt_tokens += other.prompt_tokens
        self.cached_tokens += other.cached_tokens
        self.completion_tokens += other.completion_tokens
        known = self.cost_usd is not None and other.cost_usd is not None
        self.cost_usd = self.cost_usd + other.cost_usd if known else None  # type: ignore[operator]


class CostRow(NamedTuple):
    """One row of the table."""

    key: CostKey
    sums: CostSums


def read_parts(text: str) -> tuple[Part, ...]:
    """The parts that a flag names, in the order of the table.

    Raises:
        ConfigError: one is unknown, or there is none.
    """
    named = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := [name for name in named if name not in PARTS]:
        raise ConfigError(f"--by: found {unknown[0]!r}, expected some of {', '.join(PARTS)}")
    if not named:
        raise ConfigError(f"--by: found nothing, expected some of {', '.join(PARTS)}")
    return tuple(part for part in PARTS if part in named)


def read_costs(folder: RunFolder, parts: Sequence[Part], lost_usd: float) -> list[CostRow]:
    """The rows, sorted by their parts; together they are what `distill status` says, and tuning.

    `lost_usd` is the most that replies may have cost that never came. Days are UTC.

    Raises:
        DamagedLogError: a file of the run is damaged.
    """
    rows: defaultdict[CostKey, CostSums] = defaultdict(CostSums)
    for key, sums in chain(_settled(folder), _batch_losses(folder), _tuning(folder)):
        rows[_narrowed(key, parts)].add(sums)
    if lost_usd:
        lost = CostKey(NO_DAY, "", LOST_REPLIES, "live")
        rows[_narrowed(lost, parts)].add(CostSums(cost_usd=lost_usd))
    return [CostRow(key, rows[key]) for key in sorted(rows)]


def _narrowed(key: CostKey, parts: Sequence[Part]) -> CostKey:
    """The key without what the rows are not told apart by."""
    named = zip(PARTS, key, strict=True)
    return CostKey(*(each if part in parts else "" for part, each in named))


def _settled(folder: RunFolder) -> Iterator[CostRow]:
    for path in (folder.journal_path, folder.retried_path):
        for each in read_settled(path):
            way = each.lane if each.lane == "batch" else each.service_tier or each.lane
            key = CostKey(each.settled_at[:DAY_CHARS], each.model, each.purpose, way)
            usage = each.usage
            sums = CostSums(
                requests=1,
                failed=not each.is_completed,
                prompt_tokens=usage.prompt_tokens,
                cached_tokens=usage.cached_tokens,
                completion_tokens=usage.completion_tokens,
                cost_usd=each.cost_usd,
            )
            yield CostRow(key, sums)


def _batch_losses(folder: RunFolder) -> Iterator[CostRow]:
    """Replies that settled nothing: cut off at their limit, or lost at the provider."""
    place = run_batch_folder(folder, "")
    batches = {batch.name: batch for batch in read_batches(place.ledger_path)}
    for attempt in read_records(place.attempts_path, BatchAttempt):
        batch = batches.get(attempt.batch)
        day, model = (batch.changed_at[:DAY_CHARS], batch.intent.model) if batch else (NO_DAY, "")
        sums = CostSums(
            prompt_tokens=attempt.prompt_tokens,
            cached_tokens=attempt.cached_tokens,
            completion_tokens=attempt.completion_tokens,
            cost_usd=attempt.cost_usd or 0.0,
        )
        if attempt.cost_usd:
            yield CostRow(CostKey(day, model, BATCH_LOSSES, "batch"), sums)
    for batch in batches.values():
        if batch.tally.lost_usd:
            key = CostKey(batch.changed_at[:DAY_CHARS], batch.intent.model, BATCH_LOSSES, "batch")
            yield CostRow(key, CostSums(cost_usd=batch.tally.lost_usd))


def _tuning(folder: RunFolder) -> Iterator[CostRow]:
    """The last word on each job; its cost is no part of the run's budget."""
    last = {event.job_name: event for event in read_records(folder.finetuning_path, TuningEvent)}
    for event in last.values():
        if event.trained_tokens is not None:
            key = CostKey(event.at[:DAY_CHARS], event.base_model, FINE_TUNING, event.trainer)
            sums = CostSums(prompt_tokens=event.trained_tokens, cost_usd=event.cost_usd)
            yield CostRow(key, sums)


def _columns(parts: Sequence[Part]) -> list[str]:
    return [*parts, *(each.name for each in fields(CostSums))]


def costs_csv(rows: Sequence[CostRow], parts: Sequence[Part]) -> str:
    """CSV with a line of names; an unknown cost is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_columns(parts))
    for key, sums in rows:
        chosen = [getattr(key, part) for part in parts]
        counts, usd = astuple(sums)[:-1], sums.cost_usd
        writer.writerow([*chosen, *counts, None if usd is None else round(usd, USD_DIGITS)])
    return text.getvalue()


def describe_costs(rows: Sequence[CostRow], parts: Sequence[Part]) -> str:
    """The table with its total, in columns."""
    total = CostSums()
    for row in rows:
        total.add(row.sums)
    cells = [_columns(parts)]
    cells += [[getattr(key, part) or "-" for part in parts] + _amounts(sums) for key, sums in rows]
    cells.append(["total"] * bool(parts) + [""] * (len(parts) - 1) + _amounts(total))
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return "\n".join(_line(row, widths, len(parts)) for row in cells)


def _amounts(sums: CostSums) -> list[str]:
    counts = astuple(sums)[:-1]
    cost = "unknown" if sums.cost_usd is None else dollars(sums.cost_usd)
    return [*(f"{count:,}" for count in counts), cost]


def _line(row: Sequence[str], widths: Sequence[int], name_count: int) -> str:
    aligned = [
        cell.ljust(width) if column < name_count else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(aligned).rstrip()
