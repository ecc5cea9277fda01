"""The fine-tuning API."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from tests.openai_server.errors import ApiError, invalid
from tests.openai_server.models import Models
from tests.openai_server.slow.call import Payload, Route, SlowCall, checked_metadata, route
from tests.openai_server.slow.config import FineTuningRules
from tests.openai_server.slow.file_store import FileStore
from tests.openai_server.slow.paging import page_of, with_ends
from tests.openai_server.slow.phases import Lives
from tests.openai_server.tuning.job import TuningJob
from tests.openai_server.tuning.life import TuningLives

_JOBS = "/v1/fine_tuning/jobs"
_JOB_LIMIT = 20  # API description, listPaginatedFineTuningJobs, listFineTuningEvents
_CHECKPOINT_LIMIT = 10  # API description, listFineTuningJobCheckpoints
_MAX_LIMIT = 100
_SUFFIX_CHARS = 64  # API description, CreateFineTuningJobRequest
_NUMBERS: dict[str, tuple[type, ...]] = {
    "n_epochs": (int,),
    "batch_size": (int,),
    "learning_rate_multiplier": (int, float),
}


class FineTuning:
    """Creates, shows, lists and cancels jobs, each of which lives in a task of its own."""

    def __init__(self, rules: FineTuningRules, files: FileStore, models: Models) -> None:
        self._lives = TuningLives(rules, files, models)
        self._files = files
        self._models = models
        self._jobs: dict[str, TuningJob] = {}
        self._running = Lives()
        for _ in range(rules.others):
            other = self._enter(None, "gpt-4o-mini", "file-of-somebody-else")
            other.metadata = {"owner": "somebody-else"}
            other.end("cancelled")

    def configure(self, rules: FineTuningRules) -> None:
        """Follow changed rules, also in what is going on."""
        self._lives.rules = rules

    async def close(self) -> None:
        """End all lives. Raises what one of them broke with."""
        await self._running.close()

    def rename(self, ids: Mapping[str, str]) -> None:
        """Know jobs and their files by other ids from now on: old id to new one.

        A job that has not ended calls its model after its new id.
        """
        for job in self._jobs.values():
            job.id = ids.get(job.id, job.id)
            job.training_file = ids.get(job.training_file, job.training_file)
            job.validation_file = ids.get(job.validation_file or "", job.validation_file)
        self._jobs = {job.id: job for job in self._jobs.values()}

    def all(self) -> list[dict[str, Any]]:
        """Every job, oldest first, as the API shows it, with `number`."""
        return [{**job.public(), "number": job.number} for job in self._jobs.values()]

    def routes(self) -> Sequence[Route]:
        """What it answers."""
        return (
            route("create_job", "POST", _JOBS, self._create),
            route("list_jobs", "GET", _JOBS, self._list),
            route("retrieve_job", "GET", f"{_JOBS}/{{id}}", self._retrieve),
            route("cancel_job", "POST", f"{_JOBS}/{{id}}/cancel", self._cancel),
            route("list_events", "GET", f"{_JOBS}/{{id}}/events", self._list_events),
            route("list_checkpoints", "GET", f"{_JOBS}/{{id}}/checkpoints", self._list_checkpoints),
        )

    async def _create(self, call: SlowCall) -> Payload:
        body = await call.body()
        if (closed_message := self._lives.rules.closed_message) is not None:
            raise ApiError(403, None, closed_message)
        self._check(body)
        hyperparameters, metadata = _hyperparameters(body), checked_metadata(body)
        job = self._enter(len(self._running) + 1, body["model"], body["training_file"])
        job.validation_file = body.get("validation_file")
        job.suffix = body.get("suffix") or ""
        job.seed = body.get("seed") or 0
        job.hyperparameters, job.metadata = hyperparameters, metadata
        self._running.begin(self._lives.live(job))
        return job.public()

    async def _list(self, call: SlowCall) -> Payload:
        wanted = _metadata_filter(call.query)
        jobs = (job for job in reversed(self._jobs.values()) if _has(job, wanted))
        rows = [job.public() for job in jobs]
        return page_of(rows, call.query, default_limit=_JOB_LIMIT, max_limit=_MAX_LIMIT)

    async def _retrieve(self, call: SlowCall) -> Payload:
        return self._find(call.id).public()

    async def _cancel(self, call: SlowCall) -> Payload:
        job = self._find(call.id)
        if job.has_ended:
            message = f"Job has already completed: {call.id} has status '{job.status}'."
            raise ApiError(400, None, message)
        job.end("cancelled")
        job.say("Fine-tuning job cancelled")
        return job.public()

    async def _list_events(self, call: SlowCall) -> Payload:
        rows = self._find(call.id).events[::-1]
        return page_of(rows, call.query, default_limit=_JOB_LIMIT, max_limit=_MAX_LIMIT)

    async def _list_checkpoints(self, call: SlowCall) -> Payload:
        rows = self._find(call.id).checkpoints[::-1]
        page = page_of(rows, call.query, default_limit=_CHECKPOINT_LIMIT, max_limit=_MAX_LIMIT)
        return with_ends(page)

    def _find(self, job_id: str) -> TuningJob:
        if (job := self._jobs.get(job_id)) is None:
            raise ApiError(404, "fine_tune_not_found", f"Could not find fine tune: {job_id}")
        return job

    def _check(self, body: dict[str, Any]) -> None:
        if self._models.find(body.get("model")).dimensions is not None:
            message = f"Model {body['model']} is not available for fine-tuning."
            raise ApiError(400, "model_not_available", message, param="model")
        self._check_file(body.get("training_file"), "training_file")
        if body.get("validation_file") is not None:
            self._check_file(body["validation_file"], "validation_file")
        suffix, seed = body.get("suffix"), body.get("seed")
        if suffix is not None and not (isinstance(suffix, str) and len(suffix) <= _SUFFIX_CHARS):
            raise invalid("suffix", f"expected at most {_SUFFIX_CHARS} characters")
        if not isinstance(seed, int | None):
            raise invalid("seed", f"expected an integer, got {seed!r}")

    def _check_file(self, file_id: object, param: str) -> None:
        try:
            file = self._files.find(file_id)
        except ApiError as error:
            message = f"invalid {param}: {file_id}"
            raise ApiError(400, "file_not_found", message, param=param) from error
        if file.purpose != "fine-tune":
            raise invalid(param, f"expected a file with purpose 'fine-tune', got {file.purpose!r}")

    def _enter(self, number: int | None, model: str, training_file: str) -> TuningJob:
        job_id = f"ftjob-{len(self._jobs):06d}{secrets.token_hex(8)}"
        self._jobs[job_id] = TuningJob(job_id, number, model, training_file)
        return self._jobs[job_id]


def _hyperparameters(body: dict[str, Any]) -> dict[str, Any]:
    method = body.get("method") or {"type": "supervised"}
    if method.get("type") != "supervised":
        raise invalid("method.type", f"expected 'supervised', got {method.get('type')!r}")
    deprecated = body.get("hyperparameters") or {}
    given = {**deprecated, **((method.get("supervised") or {}).get("hyperparameters") or {})}
    for name, value in given.items():
        is_number = isinstance(value, _NUMBERS.get(name, ())) and not isinstance(value, bool)
        if value != "auto" and not (is_number and value > 0):
            raise invalid(name, f"expected 'auto' or a number above 0, got {value!r}")
    return {name: given.get(name, "auto") for name in _NUMBERS}


def _metadata_filter(query: Mapping[str, str]) -> dict[str, str]:
    prefix = "metadata["
    pairs = ((name, value) for name, value in query.items() if name.startswith(prefix))
    return {name.removeprefix(prefix).removesuffix("]"): value for name, value in pairs}


def _has(job: TuningJob, wanted: dict[str, str]) -> bool:
    return wanted.items() <= (job.metadata or {}).items()
