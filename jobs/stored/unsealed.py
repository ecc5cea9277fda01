"""What a machine that is lost may have spent, beyond what the store tells."""

import logging
from pathlib import Path

from engine.files.journal import read_settled
from engine.files.sends import SendLog
from engine.files.sent_sums import read_sends
from engine.run_folder import RunFolder
from jobs.run.batch_folders import read_folder_losses, send_batch_folder
from jobs.run.run_engine import settled_usd
from jobs.send.result_files import known_sends_count, result_paths

UNSEALED_ID = "not-stored"  # in place of the requests of which nothing is known
ROUNDING_USD = 1e-9

_log = logging.getLogger(__name__)


async def count_unsealed(folder: RunFolder, lent_usd: float | None) -> float:
    """Count as spent what was lent to a session that has not ended, as far as it is not known of.

    Returns how much that is. `lent_usd` None: the session had no budget, so nothing is known.

    Raises:
        DamagedLogError: a file of the run is damaged.
        StorageError: the disk refused it.
    """
    if lent_usd is None:
        return 0.0
    sends = read_sends(folder.sends_path)
    unsettled = dict(sends.out_usd)
    for path in (folder.journal_path, folder.retried_path):
        for settled in read_settled(path):
            unsettled.pop(settled.request_id, None)
    lost_usd = sum(sends.lost_usd.values()) + sum(unsettled.values())
    unsealed_usd = lent_usd - settled_usd(folder) - lost_usd - _held_usd(folder.batches_path)
    if unsealed_usd <= ROUNDING_USD:
        return 0.0
    log = SendLog(folder.sends_path, is_synced=True, is_settled=lambda id_: id_ not in unsettled)
    try:
        await log.lost(UNSEALED_ID, unsealed_usd)
    finally:
        log.close()
    return unsealed_usd


async def count_unsealed_replies(out_path: Path, lent_usd: float | None) -> float:
    """The same of a file of replies; what was sent and is not settled counts with its worst case.

    Raises:
        DamagedLogError: a file of it is damaged.
        StorageError: the disk refused it.
    """
    if lent_usd is None:
        return 0.0
    paths, batches = result_paths(out_path), send_batch_folder(out_path)
    sends = read_sends(paths.sends)
    known_usd = sends.paid_usd + sum(sends.lost_usd.values()) + sum(sends.out_usd.values())
    batches_usd = sum(read_folder_losses(batches)) + _held_usd(batches.ledger_path)
    unsealed_usd = lent_usd - known_usd - batches_usd
    if unsealed_usd <= ROUNDING_USD:
        return 0.0
    log = SendLog(paths.sends, is_synced=True, known_count=known_sends_count(paths))
    try:
        await log.lost(UNSEALED_ID, unsealed_usd)
    finally:
        log.close()
    return unsealed_usd


def _held_usd(ledger_path: Path) -> float:
    """What batches that are out may still cost."""
    if not ledger_path.exists():
        return 0.0
    from engine.batch.ledger import read_batches

    batches = read_batches(ledger_path)
    return sum(each.intent.worst_case_usd or 0.0 for each in batches if not each.is_collected)
