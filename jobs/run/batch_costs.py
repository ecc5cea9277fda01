"""What batches have cost beside the outcomes in the journal."""

from collections.abc import Iterator

from engine.batch.ledger import read_batches
from engine.files.records import read_records
from engine.run_folder import RunFolder
from jobs.run.batch_folders import run_batch_folder
from schemas.batches import BatchAttempt


def read_batch_losses(folder: RunFolder) -> Iterator[float]:
    """Dollars for replies that settled nothing: cut off at their limit, or lost at the provider."""
    attempts_path = run_batch_folder(folder, "").attempts_path
    yield from (attempt.cost_usd or 0.0 for attempt in read_records(attempts_path, BatchAttempt))
    yield from (batch.facts.lost_usd or 0.0 for batch in read_batches(folder.batches_path))
