"""The trainer behind OpenAI's fine-tuning API, or any host that speaks it."""

from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from engine.clock import Clock
from engine.errors import (
    ConfigError,
    FatalError,
    FilePendingError,
    ModelGoneError,
    RequestError,
    TransientError,
)
from engine.stopping import Admission
from engine.wire.sdk.file_states import wait_for_file
from jobs.finetune.check_rows import CheckedRows
from jobs.finetune.ledger import TuningLedger
from jobs.finetune.trainers.job_client import JobClient, NoJobListError
from jobs.finetune.trainers.job_watch import JobWatch
from jobs.finetune.trainers.provider_jobs import JobOrder, JobState, Lost
from jobs.finetune.trainers.trainer import Say, Submitted, TrainingEstimate, TrainingSet, Tuned
from schemas.finetuning import ENDED_STATUSES, TuningEvent, TuningStep
from schemas.record import content_id
from schemas.settings import StudentSettings

OWNER_KEY, JOB_KEY = "distill_owner", "distill_job"
CLOCK_SKEW = timedelta(days=1)  # at most, between this clock and the provider's
PENDING_WAITS_S = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)  # while a host says that files are not ready
POLL_S = 5.0
MAX_POLL_S = 120.0
POLL_GROWTH = 1.3


class TrainingOrder(NamedTuple):
    """What is to be trained where, for which run. `settle_s`: how long lists there may lag."""

    base_url: str
    rows: TrainingSet
    settings: StudentSettings
    run_id: str
    settle_s: float


class OpenAITrainer:
    """One job per content: each file is uploaded once, the job is created once."""

    def __init__(
        self,
        order: TrainingOrder,
        client: JobClient,
        ledger: TuningLedger,
        *,
        admission: Admission,
        clock: Clock,
    ) -> None:
        self._order = order
        self._client = client
        self._ledger = ledger
        self._admission = admission
        self._job_name = ledger.name_of(_content_hash(order))
        price = order.settings.training_usd_per_million_tokens
        self._watch = JobWatch(client, ledger, clock=clock, usd_per_million_tokens=price)

    @property
    def runs_here(self) -> bool:
        """No: a job runs at the provider."""
        return False

    async def check(self) -> list[str]:
        """Warns if the model will be shut down; raises if the provider does not serve it."""
        model = self._order.settings.model
        try:
            facts = await self._client.model_facts(model)
        except (ModelGoneError, RequestError) as error:
            raise ConfigError(
                f"the provider does not serve {model!r} ({error}): name another model with "
                "--student (student.model)"
            ) from error
        if not facts.is_known:
            return [f"this host does not tell whether it tunes {model}: the job will show"]
        if facts.shutdown_date is None:
            return []
        return [f"{model} will be shut down on {facts.shutdown_date}, and its fine-tunes with it"]

    def estimate(self) -> TrainingEstimate:
        """The price of all epochs, if it was given."""
        return TrainingEstimate.of(self._order.rows.train.tokens, self._order.settings)

    @property
    def is_submitted(self) -> bool:
        """Whether an earlier call has begun to submit it."""
        return self._ledger.last(self._job_name) is not None

    async def submit(self) -> Submitted:
        """Upload what is not yet uploaded, create the job if there is none."""
        event = self._ledger.last(self._job_name)
        if event is not None and event.job_id:
            return Submitted(event.job_id, event.status, is_new=False)
        if event is None:
            event = await self._add(self._blank_event(), "intent")
        else:  # what an earlier call made last may not be listed yet
            await self._admission.sleep(self._order.settle_s)
        metadata = {OWNER_KEY: self._order.run_id, JOB_KEY: self._job_name}
        found = await self._found(event, metadata)
        if found is None:
            event = await self._with_files(await self._without_lost_files(event))
        state = found or await self._created(event, metadata)
        known = {"job_id": state.job_id, "status": state.status, "message": ""}
        await self._add(event, "created", **known)
        return Submitted(state.job_id, state.status, is_new=found is None)

    async def _found(self, event: TuningEvent, metadata: dict[str, str]) -> JobState | None:
        """The job that an earlier call has created, None if none has.

        Raises:
            ConfigError: that cannot be known here, and a second one would be paid for as well.
        """
        try:
            lost = Lost(metadata, event.train_file_id, self._ledger.job_ids)
            return await self._client.find(lost)
        except NoJobListError as error:
            if event.step == "intent" or event.message:  # no call for a job, or it was refused
                return None
            raise ConfigError(
                f"{error}, and an earlier call may have created one whose reply was lost: look "
                "there; if there is none, another student.seed makes another job"
            ) from error

    async def follow(self, say: Say) -> None:
        """Wait until the job has ended, through outages of the provider too."""
        seen, poll_s = set[str](), POLL_S
        while True:
            try:
                news = await self._watch.news(self._job_name)
                for event in news.events:
                    if event.event_id not in seen:
                        seen.add(event.event_id)
                        say(event.message)
                if news.state.status in ENDED_STATUSES:
                    return
            except TransientError as error:
                say(f"{error}; waiting for the provider")
            await self._admission.sleep(poll_s)
            poll_s = min(poll_s * POLL_GROWTH, MAX_POLL_S)

    async def result(self) -> Tuned:
        """The state of the job; once it has ended, it and its curve are in the run's files."""
        return await self._watch.result(self._job_name)

    async def cancel(self) -> Tuned:
        """Cancel the job.

        Raises:
            ConfigError: there is none, or it has ended.
        """
        job_id = self._watch.created(self._job_name).job_id
        try:
            state = await self._client.cancel(job_id)
        except RequestError as error:
            raise ConfigError(f"job {job_id} cannot be cancelled: {error}") from error
        return await self._watch.record(self._job_name, state)

    async def _without_lost_files(self, event: TuningEvent) -> TuningEvent:
        """The event without files that were deleted since an earlier call: they are sent anew."""
        file_ids = {
            "train_file_id": event.train_file_id,
            "validation_file_id": event.validation_file_id,
        }
        lost = {
            name: ""
            for name, file_id in file_ids.items()
            if file_id and await self._client.file_state(file_id) == "missing"
        }
        return event.model_copy(update=lost)

    async def _with_files(self, event: TuningEvent) -> TuningEvent:
        """The event with the ids of all files; those that have none yet are uploaded."""
        rows = self._order.rows
        if not event.train_file_id:
            file_id = await self._uploaded(rows.train, "train")
            event = await self._add(event, "uploaded", train_file_id=file_id)
        if rows.validation is not None and not event.validation_file_id:
            file_id = await self._uploaded(rows.validation, "validation")
            event = await self._add(event, "uploaded", validation_file_id=file_id)
        return event

    async def _uploaded(self, rows: CheckedRows, kind: str) -> str:
        name = f"distill-{self._order.run_id}-{rows.sha256[:16]}-{kind}.jsonl"
        known_since = _moment(self._ledger.known_since(rows.sha256))
        file_id = await self._client.find_file(name, known_since - CLOCK_SKEW)
        self._admission.check()
        return file_id or await self._client.upload(rows.path, name)

    async def _created(self, event: TuningEvent, metadata: dict[str, str]) -> JobState:
        await self._await_files(event)
        self._admission.check()
        for pause_s in (*PENDING_WAITS_S, None):
            try:
                return await self._client.create(self._job_order(event, metadata))
            except (ConfigError, FatalError) as error:
                await self._add(event, "uploaded", message=f"refused: {error}")
                raise
            except FilePendingError as error:
                if pause_s is None:
                    await self._add(event, "uploaded", message=f"refused: {error}")
                    raise
                await self._admission.sleep(pause_s)
        raise AssertionError("the last try returns or raises")

    def _job_order(self, event: TuningEvent, metadata: dict[str, str]) -> JobOrder:
        settings = self._order.settings
        return JobOrder(
            model=settings.model,
            train_file_id=event.train_file_id,
            validation_file_id=event.validation_file_id or None,
            epochs=settings.epochs,
            learning_rate_multiplier=settings.learning_rate_multiplier,
            batch_size=settings.batch_size,
            seed=settings.seed,
            suffix=settings.suffix,
            metadata=metadata,
            job_fields=settings.job_fields,
            hyperparameters=settings.hyperparameters,
        )

    async def _await_files(self, event: TuningEvent) -> None:
        """Return once the provider knows the files: else it would refuse the job."""
        for file_id in filter(None, (event.train_file_id, event.validation_file_id)):
            state = await wait_for_file(partial(self._client.file_state, file_id), self._admission)
            if state != "ready":
                what = "pending" if state == "pending" else "not found"
                raise FilePendingError(f"file {file_id} is {what} yet")

    def _blank_event(self) -> TuningEvent:
        rows, settings = self._order.rows, self._order.settings
        return TuningEvent(
            event_id="",
            job_name=self._job_name,
            step="intent",
            at="",
            trainer="openai",
            base_model=settings.model,
            train_sha256=rows.train.sha256,
            validation_sha256=rows.validation.sha256 if rows.validation else "",
        )

    async def _add(self, event: TuningEvent, step: TuningStep, **facts: object) -> TuningEvent:
        """Note a step; another machine knows of it before the next one is taken."""
        added = await self._ledger.add(event.model_copy(update=facts), step)
        await self._ledger.back_up()
        return added


def _content_hash(order: TrainingOrder) -> str:
    settings = order.settings
    further = [each for each in (settings.job_fields, settings.hyperparameters) if each]
    return content_id(
        "tuning",
        order.base_url.rstrip("/"),  # ids of files and jobs mean nothing elsewhere
        [rows.sha256 for rows in order.rows.files],
        settings.model,
        settings.epochs,
        settings.learning_rate_multiplier,
        settings.batch_size,
        settings.seed,
        settings.suffix,
        *further,
    )[:16]


def _moment(at: str) -> datetime:
    return datetime.fromisoformat(at)
