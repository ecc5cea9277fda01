"""Fine-tuning jobs at the provider, over the official SDK, errors translated."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from engine.clock import Clock
from engine.errors import AuthError, ConfigError, FatalError, ModelGoneError, RequestError
from engine.wire.endpoints import Endpoint
from engine.wire.sdk import (
    Purpose,
    download_file,
    find_file,
    has_file,
    open_client,
    translated,
    upload_file,
)

if TYPE_CHECKING:
    from openai.types.fine_tuning import FineTuningJob
    from openai.types.fine_tuning.job_create_params import Method

PURPOSE: Purpose = "fine-tune"
PAGE_SIZE = 100
ALTERNATIVES = (
    "export the rows for a trainer of your own with --trainer export, or name a host that tunes "
    "models over the same API with --base-url"
)


class JobOrder(NamedTuple):
    """What a job is created with; None: the provider's choice."""

    model: str
    train_file_id: str
    validation_file_id: str | None
    epochs: int | None
    learning_rate_multiplier: float | None
    batch_size: int | None
    seed: int
    suffix: str
    metadata: dict[str, str]


class JobState(NamedTuple):
    """The state of a job at the provider."""

    job_id: str
    status: str
    model: str
    trained_tokens: int | None
    result_file_ids: Sequence[str]
    problem: str


class JobEvent(NamedTuple):
    """One event of a job, as the provider lists it."""

    event_id: str
    message: str


class JobClient:
    """One call each, never repeated. Raises what engine.wire.sdk.translated says."""

    def __init__(self, endpoint: Endpoint, *, timeout_s: float, clock: Clock) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._client = open_client(endpoint, timeout_s=timeout_s)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def shutdown_date(self, model: str) -> str | None:
        """When a model will be gone, as far as the provider says.

        Raises:
            ModelGoneError, RequestError: it is not there.
        """
        with translated(self._endpoint, self._clock):
            found = await self._client.models.retrieve(model)
        date = getattr(found, "shutdown_date", None)  # older versions of the SDK do not declare it
        return None if date is None else str(date)

    async def upload(self, path: Path, name: str) -> str:
        """Upload a file of rows; returns its id."""
        with translated(self._endpoint, self._clock):
            return await upload_file(self._client, path, purpose=PURPOSE, name=name)

    async def find_file(self, name: str, newer_than: datetime) -> str | None:
        """The id of the file called `name`, None if there is none."""
        with translated(self._endpoint, self._clock):
            return await find_file(self._client, purpose=PURPOSE, name=name, newer_than=newer_than)

    async def has_file(self, file_id: str) -> bool:
        """Whether the provider knows a file, which it may not do for a moment after its upload."""
        with translated(self._endpoint, self._clock):
            return await has_file(self._client, file_id)

    async def create(self, order: JobOrder) -> JobState:
        """Create a job.

        Raises:
            FatalError: the account may not fine-tune; the key itself was good for the upload.
            ConfigError: the provider does not tune this model, or not with these parameters.
        """
        import openai

        try:
            with translated(self._endpoint, self._clock):
                job = await self._client.fine_tuning.jobs.create(
                    model=order.model,
                    training_file=order.train_file_id,
                    validation_file=order.validation_file_id or openai.omit,
                    method=_method(order),
                    seed=order.seed,
                    suffix=order.suffix or openai.omit,
                    metadata=order.metadata,
                )
        except AuthError as error:
            raise FatalError(
                f"{error}. Fine-tuning is closed to this account, as it is to many: {ALTERNATIVES}"
            ) from None
        except (ModelGoneError, RequestError) as error:
            raise ConfigError(
                f"{error}. The provider refuses this training: name another model with --student, "
                f"change the settings of student, or {ALTERNATIVES}"
            ) from None
        return _read_state(job)

    async def find(self, metadata: dict[str, str]) -> JobState | None:
        """The job that carries `metadata`, None if there is none; all jobs are looked at.

        Not every host lists the newest first or filters its list, and some give the same page
        endlessly.
        """
        seen = set[str]()
        with translated(self._endpoint, self._clock):
            async for job in self._client.fine_tuning.jobs.list(limit=PAGE_SIZE):
                if job.id in seen:
                    return None
                seen.add(job.id)
                if metadata.items() <= (job.metadata or {}).items():
                    return _read_state(job)
        return None

    async def retrieve(self, job_id: str) -> JobState:
        """The state of a job at the provider."""
        with translated(self._endpoint, self._clock):
            return _read_state(await self._client.fine_tuning.jobs.retrieve(job_id))

    async def events(self, job_id: str) -> list[JobEvent]:
        """The latest events of a job, oldest first."""
        with translated(self._endpoint, self._clock):
            page = await self._client.fine_tuning.jobs.list_events(job_id, limit=PAGE_SIZE)
        return [JobEvent(event.id, event.message) for event in reversed(page.data)]

    async def cancel(self, job_id: str) -> JobState:
        """Cancel a job."""
        with translated(self._endpoint, self._clock):
            return _read_state(await self._client.fine_tuning.jobs.cancel(job_id))

    async def download(self, file_id: str, path: Path) -> None:
        """Fetch a result file."""
        with translated(self._endpoint, self._clock):
            await download_file(self._client, file_id, path)


def _method(order: JobOrder) -> "Method":
    chosen = {
        "n_epochs": order.epochs,
        "learning_rate_multiplier": order.learning_rate_multiplier,
        "batch_size": order.batch_size,
    }
    given = {name: value for name, value in chosen.items() if value is not None}
    return {"type": "supervised", "supervised": {"hyperparameters": given}}  # type: ignore[typeddict-item]


def _read_state(job: "FineTuningJob") -> JobState:
    return JobState(
        job_id=job.id,
        status=job.status,
        model=job.fine_tuned_model or "",
        trained_tokens=job.trained_tokens,
        result_file_ids=job.result_files,
        problem=job.error.message if job.error and job.error.message else "",
    )
