"""Where the batches of a run, or of a file that is sent, keep their files."""

import uuid
from collections.abc import Container, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from engine.batch.folder import BatchFolder
from engine.files.replace import replace_file
from engine.run_folder import RunFolder

if TYPE_CHECKING:  # what reads batches is imported where there are any: live sending has none
    from schemas.batches import Batch


def run_batch_folder(folder: RunFolder, run_id: str) -> BatchFolder:
    """The batch folder of a run."""
    return BatchFolder(folder.batches_path, folder.batches_dir, run_id)


def send_batch_folder(out_path: Path) -> BatchFolder:
    """The batch folder of a file of replies: beside it, with a longer name."""
    files_dir = out_path.with_name(out_path.name + ".batches")
    owner_path = files_dir / "owner"
    owner_id = owner_path.read_text(encoding="ascii").strip() if owner_path.exists() else ""
    return BatchFolder(files_dir / "ledger.jsonl", files_dir, owner_id)


def create_send_batch_folder(out_path: Path) -> BatchFolder:
    """The same, created if it is missing, with an owner's id that never changes."""
    folder = send_batch_folder(out_path)
    folder.create()
    if not folder.owner_id:
        replace_file(folder.files_dir / "owner", [uuid.uuid4().hex.encode()])
    return send_batch_folder(out_path)


def read_send_batches_out(out_path: Path) -> "list[Batch]":
    """The batches of a file of replies that are out; none if it was never sent in batches.

    Raises:
        DamagedLogError: their ledger is damaged or gone.
    """
    return [each for each in _read_ledger(send_batch_folder(out_path)) if not each.is_collected]


def may_be_out(folder: BatchFolder) -> bool:
    """Whether batches are out, or their files not deleted, or there are some the ledger lacks.

    Raises:
        DamagedLogError: the ledger is damaged or gone.
    """
    batches = _read_ledger(folder)
    is_left = any(not batch.is_deleted for batch in batches)
    return is_left or bool(folder.unnoted_paths(batch.name for batch in batches))


def read_names_out(folder: BatchFolder) -> list[str]:
    """The names of batches whose requests may be out, also of those that the ledger lacks.

    Raises:
        DamagedLogError: the ledger is damaged or gone.
    """
    batches = _read_ledger(folder)
    names = [batch.name for batch in batches if not batch.is_collected]
    if unnoted := folder.unnoted_paths(batch.name for batch in batches):
        from engine.batch.collecting.result_files import ends_with_newline

        names += [path.stem for path in unnoted if ends_with_newline(path)]  # a torn one never went
    return names


def read_requests_out(out_path: Path) -> Container[str]:
    """The ids of the requests of a file of replies that may be out in batches.

    Raises:
        DamagedLogError: the ledger of batches, or a file of one that is out, is damaged.
    """
    folder = send_batch_folder(out_path)
    names = read_names_out(folder)
    if not names:
        return frozenset()
    from engine.batch.packing.outbox import OutIndex

    return OutIndex(folder, names)


def read_batch_losses(folder: RunFolder) -> Iterator[float]:
    """Dollars for replies that were paid for and settled nothing: cut off, or lost."""
    yield from read_folder_losses(run_batch_folder(folder, ""))


def read_folder_losses(folder: BatchFolder) -> Iterator[float]:
    """The same of any batch folder; none if there is no such folder."""
    if not folder.files_dir.exists() and not folder.ledger_path.exists():
        return
    from engine.batch.ledger import read_batches
    from engine.files.records import read_records
    from schemas.batches import BatchAttempt

    attempts = read_records(folder.attempts_path, BatchAttempt)
    yield from (attempt.cost_usd or 0.0 for attempt in attempts)
    yield from (batch.tally.lost_usd or 0.0 for batch in read_batches(folder.ledger_path))


def _read_ledger(folder: BatchFolder) -> "list[Batch]":
    folder.require_ledger()
    if not folder.ledger_path.exists():
        return []
    from engine.batch.ledger import read_batches

    return read_batches(folder.ledger_path)
