"""The audit of a run: its items, its requests, its batches, its dollars."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from engine.last_call import read_last_call
from engine.run_folder import RunFolder
from engine.wire.prices import make_price
from jobs.audit.check_batches import check_batches
from jobs.audit.check_items import check_items, check_provenance
from jobs.audit.check_requests import check_requests, check_spending, read_journal
from jobs.dataset.stages import DATASET
from jobs.evaluation.stages import EVALUATION
from jobs.findings import Finding
from jobs.run.stages import Stages
from jobs.show.summarize import summarize_run
from schemas.settings import RunSettings


def audit_run(folder: RunFolder, settings: RunSettings, now: datetime) -> Iterator[Finding]:
    """Everything that the files of a run can show; reads only.

    While a process writes the run the files are read one after the other, so that some counts may
    not fit together yet.

    Raises:
        DamagedLogError: a file is damaged; says which line, and what to do.
    """
    summary = summarize_run(folder)
    if summary.writer:
        text = f"{summary.writer} is writing: what is counted meanwhile may not fit together"
        yield Finding("run", "note", text)
    stages: Stages[Any] = (*DATASET, *EVALUATION)
    call = read_last_call(folder.last_call_path)
    is_complete = call is not None and (call.command, call.ending) == ("run", "complete")
    yield from check_items(folder, settings, DATASET, is_complete=is_complete)
    yield from check_items(folder, settings, EVALUATION, is_complete=False)
    yield from check_provenance(folder)
    facts = read_journal(folder, settings, make_price(settings.prices))
    yield from check_requests(folder, facts, stages)
    yield from check_batches(folder, facts.settled, now)
    yield from check_spending(folder, facts, summary)
