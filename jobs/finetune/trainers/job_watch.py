"""Polls a job at the provider, and records its state and result in the run's files."""

import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from engine.clock import Clock
from engine.errors import NOT_FOUND, ConfigError, NotFoundError, RequestError, TransientError
from engine.wire.sdk.unserved_calls import may_be_unserved
from jobs.finetune.ledger import TuningLedger
from jobs.finetune.trainers.job_client import JobClient
from jobs.finetune.trainers.provider_jobs import JobEvent, JobState
from jobs.finetune.trainers.trainer import TOKENS_PER_PRICE, Tuned
from jobs.finetune.training_metrics import draw_curve, read_metrics
from schemas.finetuning import ENDED_STATUSES, SUCCEEDED, TuningEvent, TuningStep

JOB_PATIENCE = timedelta(minutes=10)  # a job that is not found for longer is gone


class JobNews(NamedTuple):
    """The latest events of a job, oldest first, and its state."""

    events: Sequence[JobEvent]
    state: JobState


class JobWatch:
    """Polls jobs whose provider's id is in the ledger; they are named by their job names."""

    def __init__(
        self,
        client: JobClient,
        ledger: TuningLedger,
        *,
        clock: Clock,
        usd_per_million_tokens: float | None,
    ) -> None:
        self._client = client
        self._ledger = ledger
        self._clock = clock
        self._usd_per_million_tokens = usd_per_million_tokens

    def created(self, job_name: str) -> TuningEvent:
        """The last event of a job that was created.

        Raises:
            ConfigError: it was not.
        """
        event = self._ledger.last(job_name)
        if event is None or not event.job_id:
            raise ConfigError("there is no fine-tuning job under these settings")
        return event

    def cost_usd(self, tokens: int | None) -> float | None:
        """What training on so many tokens costs, None if that is not known."""
        if self._usd_per_million_tokens is None or tokens is None:
            return None
        return tokens * self._usd_per_million_tokens / TOKENS_PER_PRICE

    async def news(self, job_name: str) -> JobNews:
        """The latest events of the job, and its state.

        Raises:
            TransientError: the provider does not answer, or does not show the job yet.
            ConfigError: it does not show the job any more, or there is none.
        """
        state = await self._state(job_name)
        return JobNews(await self._events(state), state)

    async def result(self, job_name: str) -> Tuned:
        """The state of the job, which is recorded too. Raises what `news` does."""
        return await self.record(job_name, await self._state(job_name))

    async def record(self, job_name: str, state: JobState) -> Tuned:
        """Append a changed state of a job to the ledger and, once it has succeeded, its curve."""
        event = self.created(job_name)
        cost_usd = self.cost_usd(state.trained_tokens)
        if state.status != event.status or (state.model and not event.tuned_model):
            facts = {
                "status": state.status,
                "tuned_model": state.model,
                "trained_tokens": state.trained_tokens,
                "cost_usd": cost_usd,
                "message": state.problem,
            }
            step: TuningStep = "ended" if state.status in ENDED_STATUSES else "polled"
            await self._ledger.add(event.model_copy(update=facts), step)
        message = state.problem
        if state.status == SUCCEEDED:
            try:
                message = await self._curve(state)
            except (TransientError, RequestError) as error:  # the model is there all the same
                message = f"the metrics could not be fetched: {error}"
        return Tuned(state.status, state.model, state.trained_tokens, cost_usd, message)

    async def _curve(self, state: JobState) -> str:
        """The course of the loss in one line, from the job's result file, which is kept."""
        losses: list[float] = []
        for file_id in state.result_file_ids:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "metrics"
                await self._client.download(file_id, path)
                metrics = read_metrics(path.read_bytes(), state.job_id)
            await self._ledger.add_metrics(metrics)
            losses += [metric.train_loss for metric in metrics if metric.train_loss is not None]
        return f"loss {losses[0]:.3f} {draw_curve(losses)} {losses[-1]:.3f}" if losses else ""

    async def _events(self, state: JobState) -> Sequence[JobEvent]:
        """The latest events; the status alone for a host that lists none."""
        try:
            events = await self._client.events(state.job_id)
        except RequestError:
            events = []
        except TransientError as error:
            if state.status not in ENDED_STATUSES and not may_be_unserved(error):
                raise
            events = []
        return events or [JobEvent(state.status, f"status {state.status}")]

    async def _state(self, job_name: str) -> JobState:
        """How far a job is; for a moment after it was created it may be "not found"."""
        event = self.created(job_name)
        try:
            return await self._client.retrieve(event.job_id)
        except RequestError as error:
            age = self._clock.utc_now() - datetime.fromisoformat(event.at)
            if isinstance(error, NotFoundError) and age < JOB_PATIENCE:
                message = f"job {event.job_id} is not shown yet"
                raise TransientError(message, code=NOT_FOUND) from error
            raise ConfigError(
                f"job {event.job_id} is not shown by the provider ({error}): if it was deleted "
                "there, another student.seed makes another job"
            ) from error
