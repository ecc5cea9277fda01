"""Checks the batches of a run: none is forgotten, and no request is out twice or in vain."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from engine.batch.account import BATCH_LIFE
from engine.batch.ledger import read_batches
from engine.batch.packing.outbox import read_batch_ids
from engine.files.id_index import IdIndex
from engine.run_folder import RunFolder
from jobs.findings import Finding
from jobs.run.batch_folders import run_batch_folder
from schemas.batches import Batch


def check_batches(folder: RunFolder, settled: IdIndex, now: datetime) -> Iterator[Finding]:
    """Findings about the ledger, and the files of requests that are out. Reads only.

    Raises:
        DamagedLogError: the ledger, or a file of a batch that is out, is damaged or gone.
    """
    place = run_batch_folder(folder, "")
    place.require_ledger()
    batches = read_batches(place.ledger_path)
    if not batches:
        return
    out = [batch for batch in batches if not batch.is_collected]
    collected = len(batches) - len(out)
    yield Finding("batches", "ok", f"{collected:,} are collected, {len(out):,} are out")
    yield from _check_overdue(folder, out, now)
    yield from _check_out(folder, out, settled)
    known = {place.input_path(batch.name) for batch in batches}
    if strange := [path.name for path in place.packed_paths() if path not in known]:
        text = f"{', '.join(strange)} in {place.files_dir}: packed, and in no batch"
        yield Finding("batch files", "note", f"{text}; the next round packs its requests anew")


def _check_overdue(folder: RunFolder, out: Sequence[Batch], now: datetime) -> Iterator[Finding]:
    for batch in out:
        age = now - datetime.fromisoformat(batch.created_at or batch.intended_at)
        if age > BATCH_LIFE:
            text = (
                f"out for {age.total_seconds() / 3600:,.0f} h, though a batch ends within 24: "
                f"`distill run {folder.run_dir} --lane batch` collects it"
            )
            yield Finding(f"batch {batch.name}", "not ok", text)


def _check_out(folder: RunFolder, out: Sequence[Batch], settled: IdIndex) -> Iterator[Finding]:
    place = run_batch_folder(folder, "")
    counts: Counter[bytes] = Counter()
    for batch in out:
        ids = list(read_batch_ids(place.requests_path(batch.name)))
        if len(ids) != batch.intent.request_count:
            text = f"its file holds {len(ids):,} requests, its note {batch.intent.request_count:,}"
            yield Finding(f"batch {batch.name}", "not ok", text)
        counts.update(ids)
    if twice := sum(count > 1 for count in counts.values()):
        text = f"{twice:,} requests are out in two batches: they are paid twice"
        yield Finding("batches", "not ok", text)
    if late := sum(settled.holds(key) for key in counts):
        text = f"{late:,} requests are out that are settled already: they may be paid twice"
        yield Finding("batches", "note", text)
