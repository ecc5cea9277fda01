"""A fine-tuning job that was left running: its end is looked up before its model is needed."""

import logging
from contextlib import AsyncExitStack

from engine.clock import SystemClock
from engine.errors import TransientError
from engine.files.lock import WriterLock
from engine.files.records import read_records
from engine.run_folder import RunFolder
from engine.wire.endpoints import Endpoint
from engine.wire.reply_sizes import reply_sizes
from jobs.finetune.ledger import TuningLedger
from jobs.finetune.trainers.job_client import JobClient
from jobs.finetune.trainers.job_watch import JobWatch
from schemas.finetuning import ENDED_STATUSES, LOST_STATUSES, TuningEvent
from schemas.settings import RunSettings

_log = logging.getLogger(__name__)


def find_open_job(folder: RunFolder) -> TuningEvent | None:
    """The job that was created last, unless its end is recorded.

    Raises:
        DamagedLogError: a line of finetuning.jsonl is damaged.
    """
    last = None
    for event in read_records(folder.finetuning_path, TuningEvent):
        last = event if event.job_id else last
    return None if last is None or last.status in ENDED_STATUSES else last


async def look_up_job(
    job: TuningEvent, folder: RunFolder, settings: RunSettings, endpoint: Endpoint
) -> None:
    """Look the job up at the provider and record its state, as `distill finetune` does.

    Raises:
        TransientError: it is still running, or the provider does not answer.
        ConfigError: the provider does not show it any more.
    """
    clock = SystemClock()
    with WriterLock(folder.lock_path):
        async with AsyncExitStack() as opened:
            ledger = await opened.enter_async_context(TuningLedger.of(folder, clock))
            limits = settings.limits
            client = JobClient(
                endpoint,
                timeout_s=limits.request_timeout_s,
                clock=clock,
                sizes=reply_sizes(limits),
            )
            opened.push_async_callback(client.aclose)
            price = settings.student.training_usd_per_million_tokens
            watch = JobWatch(client, ledger, clock=clock, usd_per_million_tokens=price)
            tuned = await watch.result(job.job_name)
    if tuned.status not in ENDED_STATUSES:
        raise TransientError(f"job {job.job_id} is not done yet: {tuned.status}", code="job_open")
    if tuned.status in LOST_STATUSES:
        _log.warning("job %s: %s %s", job.job_id, tuned.status, tuned.message)
