"""What a run has left at the provider that its own files do not know, or need no longer."""

from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, aclosing
from typing import NamedTuple

from engine.batch.client import OWNER_KEY, BatchClient
from engine.batch.ledger import read_batches
from engine.clock import Clock
from engine.files.records import read_records
from engine.run_folder import RunFolder
from engine.wire.endpoints import Endpoint
from engine.wire.sdk.client import RemoteFile
from jobs.findings import Finding
from jobs.finetune.trainers.job_client import JobClient
from jobs.run.batch_folders import run_batch_folder
from schemas.batches import ENDED_STATUSES, Batch
from schemas.finetuning import ENDED_STATUSES as ENDED_JOBS
from schemas.finetuning import TuningEvent
from schemas.settings import RunSettings

MAX_NAMED = 5


class Leftovers(NamedTuple):
    """Batches and jobs that the run does not know, batches it lacks, and files it needs no more.

    `batch_ids` are still being worked on. `lost` are in the ledger, out, and not at the provider.
    """

    batch_ids: Sequence[str]
    lost: Sequence[str]
    job_ids: Sequence[str]
    files: Sequence[RemoteFile]


async def find_leftovers(
    folder: RunFolder, run_id: str, settings: RunSettings, endpoint: Endpoint, clock: Clock
) -> Leftovers:
    """Ask the provider for all that carries the run's name.

    Raises:
        TransientError, RequestError, FatalError: the provider refuses or does not answer.
        DamagedLogError: a ledger is damaged.
    """
    known = read_batches(folder.batches_path)
    timeout_s = settings.limits.request_timeout_s
    async with AsyncExitStack() as opened:
        batches = BatchClient(endpoint, timeout_s=timeout_s, clock=clock)
        opened.push_async_callback(batches.aclose)
        jobs = JobClient(endpoint, timeout_s=timeout_s, clock=clock)
        opened.push_async_callback(jobs.aclose)
        there = await batches.list_own(run_id)
        files = await batches.list_files(run_batch_folder(folder, run_id).remote_prefix)
        own_jobs = await jobs.list_own({OWNER_KEY: run_id})
    known_ids = {batch.remote.batch_id for batch in known}
    known_jobs = {event.job_id for event in read_records(folder.finetuning_path, TuningEvent)}
    needed = {batch.remote.file_id for batch in known if not batch.is_collected}
    there_ids = {each.batch_id for each in there}
    return Leftovers(
        batch_ids=[
            each.batch_id
            for each in there
            if each.batch_id not in known_ids and each.status not in ENDED_STATUSES
        ],
        lost=[_name(batch) for batch in known if _is_lost(batch, there_ids)],
        job_ids=[
            job.job_id
            for job in own_jobs
            if job.job_id not in known_jobs and job.status not in ENDED_JOBS
        ],
        files=[file for file in files if file.file_id not in needed],
    )


def _is_lost(batch: Batch, there_ids: set[str]) -> bool:
    """Only where the host gives metadata back: else none of ours would be found."""
    is_out = not batch.is_collected and bool(batch.remote.batch_id)
    return is_out and bool(there_ids) and batch.remote.batch_id not in there_ids


def _name(batch: Batch) -> str:
    return f"{batch.name} ({batch.remote.batch_id})"


async def delete_leftovers(
    left: Leftovers, settings: RunSettings, endpoint: Endpoint, clock: Clock
) -> None:
    """Cancel batches that the run does not know, and delete files that it needs no longer.

    Raises:
        TransientError, RequestError, FatalError: the provider refuses or does not answer.
    """
    timeout_s = settings.limits.request_timeout_s
    async with aclosing(BatchClient(endpoint, timeout_s=timeout_s, clock=clock)) as client:
        for batch_id in left.batch_ids:
            await client.cancel(batch_id)
        for file in left.files:
            await client.delete(file.file_id)


def describe_leftovers(folder: RunFolder, left: Leftovers) -> Iterator[Finding]:
    """A finding for each kind of thing."""
    about, clean = "provider", f"`distill clean {folder.run_dir} --provider --yes`"
    if left.batch_ids:
        text = f"batches of this run that it does not know: {_some(left.batch_ids)}"
        yield Finding(about, "not ok", f"{text}; {clean} cancels them")
    if left.lost:
        text = f"batches that are out and are not there: {_some(left.lost)}"
        advice = f"`distill batches {folder.run_dir} --forget ID` gives them up"
        yield Finding(about, "not ok", f"{text}; {advice}")
    if left.job_ids:
        text = f"fine-tuning jobs of this run that it does not know: {_some(left.job_ids)}"
        yield Finding(about, "not ok", f"{text}; cancel them at the provider")
    if left.files:
        names = [file.name for file in left.files]
        text = f"files that are needed no longer: {_some(names)}"
        yield Finding(about, "note", f"{text}; {clean} deletes them")
    if not any(left):
        yield Finding(about, "ok", "holds nothing of this run that is not needed or not known")


def _some(names: Sequence[str]) -> str:
    rest = f" and {len(names) - MAX_NAMED:,} more" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + rest
