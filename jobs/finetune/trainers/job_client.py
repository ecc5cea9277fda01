"""Fine-tuning jobs at the provider, over the official SDK, errors translated."""

from datetime import datetime
from pathlib import Path

from engine.clock import Clock
from engine.errors import (
    AuthError,
    ConfigError,
    EngineError,
    FatalError,
    FilePendingError,
    ModelGoneError,
    RequestError,
    TransientError,
)
from engine.wire.endpoints import Endpoint
from engine.wire.reply_sizes import USUAL_SIZES, ReplySizes
from engine.wire.sdk.client import (
    Purpose,
    download_file,
    entries_of,
    find_file,
    open_client,
    translated,
    upload_file,
)
from engine.wire.sdk.file_states import FileState, is_not_ready, read_file_state
from engine.wire.sdk.unserved_calls import is_unserved, may_be_unserved
from jobs.finetune.trainers.provider_jobs import (
    JobEvent,
    JobOrder,
    JobState,
    Lost,
    ModelFacts,
    carries,
    extra_body,
    method_of,
    read_job_state,
)

PURPOSE: Purpose = "fine-tune"
PAGE_SIZE = 100
MODEL = "model"
ALTERNATIVES = (
    "tune on this machine with --trainer local, export the rows for a trainer of your own with "
    "--trainer export, or name a host that tunes "
    "models over the same API with --base-url"
)


class NoJobListError(EngineError):
    """A host that does not list its jobs."""


class JobClient:
    """One call each, never repeated. Raises what engine.wire.sdk.client.translated says."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        timeout_s: float,
        clock: Clock,
        sizes: ReplySizes = USUAL_SIZES,
    ) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._client = open_client(endpoint, timeout_s=timeout_s, sizes=sizes)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def model_facts(self, model: str) -> ModelFacts:
        """What the provider says of a model, if it serves that call.

        Raises:
            ModelGoneError, RequestError: it is not there.
        """
        import openai

        with translated(self._endpoint, self._clock):
            try:
                found = await self._client.models.retrieve(model)
            except openai.APIStatusError as error:
                if not is_unserved(error, "model"):
                    raise
                return ModelFacts(is_known=False)
        date = getattr(found, "shutdown_date", None)  # older versions of the SDK do not declare it
        return ModelFacts(is_known=True, shutdown_date=None if date is None else str(date))

    async def upload(self, path: Path, name: str) -> str:
        """Upload a file of rows; returns its id.

        Raises:
            ConfigError: the host takes no files.
        """
        try:
            with translated(self._endpoint, self._clock):
                return await upload_file(self._client, path, purpose=PURPOSE, name=name)
        except (RequestError, TransientError) as error:
            raise _unserved(error) if may_be_unserved(error) else error from None

    async def find_file(self, name: str, newer_than: datetime) -> str | None:
        """The id of the file called `name`, None if there is none or the host does not list any."""
        try:
            with translated(self._endpoint, self._clock):
                return await find_file(
                    self._client, purpose=PURPOSE, name=name, newer_than=newer_than
                )
        except (RequestError, TransientError) as error:
            if not may_be_unserved(error):
                raise
            return None

    async def file_state(self, file_id: str) -> FileState:
        """Whether a file can be used; for a moment after its upload it may be missing."""
        with translated(self._endpoint, self._clock):
            return await read_file_state(self._client, file_id)

    async def create(self, order: JobOrder) -> JobState:
        """Create a job.

        Raises:
            FatalError: the account may not fine-tune; the key itself was good for the upload.
            ConfigError: the provider does not tune this model, or not with these parameters.
            TransientError: its files are not ready yet, or no whole answer came.
        """
        import openai

        try:
            with translated(self._endpoint, self._clock):
                job = await self._client.fine_tuning.jobs.create(
                    model=order.model,
                    training_file=order.train_file_id,
                    validation_file=order.validation_file_id or openai.omit,
                    method=method_of(order),
                    seed=order.seed,
                    suffix=order.suffix or openai.omit,
                    metadata=order.metadata,
                    extra_body=extra_body(order),
                )
                return read_job_state(job)
        except AuthError as error:
            raise FatalError(
                f"{error}. Fine-tuning is closed to this account, as it is to many: {ALTERNATIVES}"
            ) from None
        except (ModelGoneError, RequestError, TransientError) as error:
            raise _read_refusal(error) from None

    async def find(self, lost: Lost) -> JobState | None:
        """The job that is looked for, None if there is none; all jobs are looked at.

        Not every host lists the newest first or filters its list, and some give the same page
        endlessly.

        Raises:
            NoJobListError: this host does not list its jobs.
        """
        import openai

        seen = set[str]()
        with translated(self._endpoint, self._clock):
            try:
                async for job in entries_of(self._client.fine_tuning.jobs.list(limit=PAGE_SIZE)):
                    if job.id is not None and str(job.id) in seen:
                        return None
                    seen.add(str(job.id))
                    if lost.is_it(job):
                        return read_job_state(job)
            except openai.APIStatusError as error:
                if not is_unserved(error, "job"):
                    raise
                raise NoJobListError(f"{self._endpoint.base_url} does not list its jobs") from None
        return None

    async def list_own(self, metadata: dict[str, str]) -> list[JobState]:
        """All jobs that carry `metadata`; none of a host that does not list its jobs."""
        import openai

        own: dict[str, JobState] = {}
        seen = set[str]()
        with translated(self._endpoint, self._clock):
            try:
                async for job in entries_of(self._client.fine_tuning.jobs.list(limit=PAGE_SIZE)):
                    if job.id is not None and str(job.id) in seen:
                        break
                    seen.add(str(job.id))
                    if carries(job, metadata):
                        own[job.id] = read_job_state(job)
            except openai.APIStatusError as error:
                if not is_unserved(error, "job"):
                    raise
        return list(own.values())

    async def retrieve(self, job_id: str) -> JobState:
        """The state of a job at the provider."""
        with translated(self._endpoint, self._clock):
            return read_job_state(await self._client.fine_tuning.jobs.retrieve(job_id))

    async def events(self, job_id: str) -> list[JobEvent]:
        """The latest events of a job, oldest first."""
        with translated(self._endpoint, self._clock):
            page = await self._client.fine_tuning.jobs.list_events(job_id, limit=PAGE_SIZE)
            data = page.data if isinstance(page.data, list) else []
            entries = [entry for entry in data if entry is not None]
            events = [JobEvent(str(e.id), str(e.message or "")) for e in reversed(entries)]
        return [event for event in events if event.message]

    async def cancel(self, job_id: str) -> JobState:
        """Cancel a job."""
        with translated(self._endpoint, self._clock):
            return read_job_state(await self._client.fine_tuning.jobs.cancel(job_id))

    async def download(self, file_id: str, path: Path) -> None:
        """Fetch a result file."""
        with translated(self._endpoint, self._clock):
            await download_file(self._client, file_id, path)


def _read_refusal(error: ModelGoneError | RequestError | TransientError) -> EngineError:
    """What a refusal to create a job means, and what to do about it."""
    if isinstance(error, RequestError) and is_not_ready(error):
        return FilePendingError(str(error), status=error.status)
    if isinstance(error, ModelGoneError):
        return _refusal(error, "name another model with --student")
    is_about_file = "file" in str(error).lower()
    if may_be_unserved(error) and not is_about_file and MODEL not in str(error).lower():
        return _unserved(error)
    if isinstance(error, TransientError):
        return error
    if MODEL in str(error).lower():
        return _refusal(error, "name another model with --student, change the settings of student")
    return _refusal(error, "mend what it names, change the settings of student")


def _refusal(error: EngineError, advice: str) -> ConfigError:
    return ConfigError(f"{error}. The provider refuses this training: {advice}, or {ALTERNATIVES}")


def _unserved(error: EngineError) -> ConfigError:
    return ConfigError(f"no models are tuned at this address ({error}): {ALTERNATIVES}")
