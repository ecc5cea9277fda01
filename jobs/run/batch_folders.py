"""Where the batches of a run, or of a file that is sent, keep their files."""

import uuid
from collections.abc import Iterator
from pathlib import Path

from engine.batch.folder import BatchFolder
from engine.batch.ledger import read_batches
from engine.errors import ConfigError
from engine.files.records import read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from schemas.batches import BatchAttempt


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
    """The same, made if it is not there, with an owner's id that stays."""
    folder = send_batch_folder(out_path)
    folder.create()
    if not folder.owner_id:
        replace_file(folder.files_dir / "owner", [uuid.uuid4().hex.encode()])
    return send_batch_folder(out_path)


def refuse_batches_out(out_path: Path) -> None:
    """Refuse to send live what batches may be answering already.

    Raises:
        ConfigError: batches of this file are out.
    """
    ledger_path = send_batch_folder(out_path).ledger_path
    if not ledger_path.exists():
        return
    from engine.batch.ledger import read_batches

    out = [batch for batch in read_batches(ledger_path) if not batch.is_collected]
    if out:
        raise ConfigError(
            f"{out_path}: {len(out)} batches of it are out, which must not be bought twice: "
            f"collect them with --lane batch, or give them up with `distill batches {out_path} "
            "--cancel` and collect what they had answered"
        )


def read_batch_losses(folder: RunFolder) -> Iterator[float]:
    """Dollars for replies that settled nothing: cut off at their limit, or lost at the provider."""
    attempts_path = run_batch_folder(folder, "").attempts_path
    yield from (attempt.cost_usd or 0.0 for attempt in read_records(attempts_path, BatchAttempt))
    yield from (batch.tally.lost_usd or 0.0 for batch in read_batches(folder.batches_path))
