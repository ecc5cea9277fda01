"""Says how a run's dataset would change under other settings, from what is paid for alone."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from engine.errors import ConfigError
from engine.files.lock import WriterLock
from engine.files.records import read_records
from engine.run_folder import RunFolder
from engine.stopping import Stopping
from engine.wire.prices import counted_sends
from jobs.run.changing.changes import (
    RunChanges,
    apply_changes,
    find_changes,
    find_changes_of_rows,
)
from jobs.run.changing.preview import AskJournal, open_copy
from jobs.run.run_stages import run_stages
from jobs.run.servers import run_price
from jobs.run.stages import Stages
from jobs.settings.run_config import read_run_config, with_settings
from schemas.dataset import Provenance, Rejection
from schemas.settings import RunSettings

UNDECIDED = "would be asked anew"
PROVENANCE = "provenance.jsonl"


class Refiltered(NamedTuple):
    """What becomes of the rows. `lost` and `gained` count rows by the reason for which they go.

    `asked_anew` are requests without which some rows cannot be decided.
    """

    changes: tuple[str, ...]
    rows_before: int
    rows_after: int
    lost: Counter[str]
    gained: Counter[str]
    asked_anew: int
    worst_case_usd: float | None

    def describe(self) -> Iterator[str]:
        """Lines of text."""
        yield from (f"changed: {change}" for change in self.changes)
        gain, loss = sum(self.gained.values()), sum(self.lost.values())
        yield f"rows: {self.rows_before:,} now, {self.rows_after:,} then (+{gain:,}, -{loss:,})"
        for sign, counts in (("-", self.lost), ("+", self.gained)):
            yield from (f"  {sign}{count:,} {reason}" for reason, count in counts.most_common())
        if self.asked_anew:
            usd = "" if self.worst_case_usd is None else f" (at most ${self.worst_case_usd:.4f})"
            yield f"{self.asked_anew:,} requests would be asked anew{usd}: these are not decided"


async def refilter_run(
    folder: RunFolder, settings: RunSettings, stages: Stages[None]
) -> Refiltered:
    """Apply `settings` to a copy of the run, down to its rows. Nothing is asked, nothing changed.

    Raises:
        ConfigError: there is no dataset yet.
        RunInUseError: the run is being written.
    """
    before = read_run_config(folder.config_path)
    rows = _read_rows(folder)
    if before is None or not (folder.dataset_dir / PROVENANCE).exists():
        raise ConfigError(f"{folder.run_dir}: has no rows yet; `distill run` makes them")
    after_config = with_settings(before, settings)
    changes = find_changes(before, after_config, stages)
    price = run_price(settings)
    with WriterLock(folder.lock_path):
        former_reasons = _read_reasons(folder)
        async with open_copy(
            folder,
            settings,
            Stopping(),
            lambda journal: AskJournal(journal, price, counted_sends(settings.limits)),
        ) as copy:
            apply_changes(copy.context.folder, RunChanges(changes, ()), stages)
            for stage in stages:  # a stage that would have to ask does not hold up the others
                await run_stages((stage,), copy.context)
            after, reasons = _read_rows(copy.context.folder), _read_reasons(copy.context.folder)
    return Refiltered(
        changes=(
            *(change.what for change in changes),
            *find_changes_of_rows(before, after_config),
        ),
        rows_before=len(rows),
        rows_after=len(after),
        lost=_count(rows, after, reasons),
        gained=_count(after, rows, former_reasons),
        asked_anew=copy.ask.asked_anew,
        worst_case_usd=copy.ask.worst_case_usd,
    )


def _read_rows(folder: RunFolder) -> dict[str, str]:
    """The question's id by the answer's."""
    path = folder.dataset_dir / PROVENANCE
    return {row.answer_id: row.question_id for row in read_records(path, Provenance)}


def _read_reasons(folder: RunFolder) -> dict[str, str]:
    return {each.item_id: each.reason for each in read_records(folder.rejected_path, Rejection)}


def _count(rows: dict[str, str], others: dict[str, str], reasons: dict[str, str]) -> Counter[str]:
    """Why rows are not among others; without a reason they wait for a request."""
    return Counter(
        reasons.get(answer_id) or reasons.get(question_id) or UNDECIDED
        for answer_id, question_id in rows.items()
        if answer_id not in others
    )
