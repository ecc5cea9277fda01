"""What a machine that is lost may have spent, beyond what the store tells."""

import logging

from engine.files.journal import read_settled
from engine.files.sends import SendLog
from engine.files.sent_sums import read_sends
from engine.run_folder import RunFolder
from jobs.run.batch_folders import run_batch_folder
from jobs.run.run_engine import settled_usd

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
    unsealed_usd = lent_usd - settled_usd(folder) - lost_usd - _held_usd(folder)
    if unsealed_usd <= ROUNDING_USD:
        return 0.0
    log = SendLog(folder.sends_path, is_synced=True, is_settled=lambda id_: id_ not in unsettled)
    try:
        await log.lost(UNSEALED_ID, unsealed_usd)
    finally:
        log.close()
    return unsealed_usd


def _held_usd(folder: RunFolder) -> float:
    """What batches that are out may still cost."""
    if not folder.batches_path.exists():
        return 0.0
    from engine.batch.ledger import read_batches

    batches = read_batches(run_batch_folder(folder, "").ledger_path)
    return sum(each.intent.worst_case_usd or 0.0 for each in batches if not each.is_collected)
