"""Whether a call has brought a run any further, and how many in a row have not."""

from datetime import datetime, timedelta

from engine.batch.ledger import read_batches
from engine.errors import DamagedLogError
from engine.run_folder import RunFolder

BATCH_TIME = timedelta(hours=26)  # a batch has a day, and its end may be seen late


def settled_bytes(folder: RunFolder) -> int:
    """The size of what only progress changes: settled requests, and items that have ended."""
    paths = [folder.journal_path, *folder.finished_path("any").parent.rglob("*.jsonl")]
    return sum(path.stat().st_size for path in paths if path.exists())


def is_waiting(folder: RunFolder, now: datetime) -> bool:
    """Whether a batch is out that has still time to come back."""
    try:
        batches = read_batches(folder.batches_path)
    except DamagedLogError:
        return False
    return any(
        not batch.has_ended and now - datetime.fromisoformat(batch.intended_at) < BATCH_TIME
        for batch in batches
    )


def count_idle(folder: RunFolder, *, before: int, size_bytes: int, now: datetime) -> int:
    """Calls in a row without progress, this one included; `before` it there were so many."""
    if settled_bytes(folder) != size_bytes:
        return 0
    return before if is_waiting(folder, now) else before + 1
