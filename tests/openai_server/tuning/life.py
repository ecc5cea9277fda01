"""Takes one fine-tuning job from `validating_files` to its end, in compressed time."""

import time
from collections.abc import Callable

from tests.openai_server.errors import ApiError
from tests.openai_server.models import Models
from tests.openai_server.slow.config import FineTuningRules
from tests.openai_server.slow.file_store import FileStore
from tests.openai_server.slow.phases import wait_phase
from tests.openai_server.tuning.data import (
    MIN_EXAMPLES,
    DataError,
    TrainingData,
    read_training_data,
)
from tests.openai_server.tuning.job import ORGANIZATION, TuningJob
from tests.openai_server.tuning.metrics import Step, curve, metrics_file

_MOST_METRICS_EVENTS = 50
_CHECKPOINT_EPOCHS = 3  # "the last three epochs", OpenAI supervised fine-tuning guide
_EXAMPLES_PER_BATCH = 500  # for `auto`: one more in a batch for so many examples


class TuningLives:
    """What all jobs share: the rules as they are now, files and models."""

    def __init__(self, rules: FineTuningRules, files: FileStore, models: Models) -> None:
        self.rules = rules
        self._files = files
        self._models = models

    async def live(self, job: TuningJob) -> None:
        """The whole life of `job`."""
        job.say(f"Created fine-tuning job: {job.id}")
        job.say(f"Validating training file: {job.training_file}")
        await wait_phase(lambda: self.rules.validating_s, lambda: job.has_ended)
        data = None if job.has_ended else await self._validated(job)
        if data is None:
            return
        job.say("Files validated, moving job to queued state")
        job.status = "queued"
        await wait_phase(lambda: self.rules.queued_s, lambda: job.has_ended)
        if job.has_ended:
            return
        job.say("Fine-tuning job started")
        job.status = "running"
        steps = self._planned(job, data)
        await self._train(job, steps)
        if not job.has_ended:
            self._finish(job, data, steps)

    async def _validated(self, job: TuningJob) -> TrainingData | None:
        param = "training_file"
        try:
            data = await self._read(job.training_file, MIN_EXAMPLES)
            param = "validation_file"
            if job.validation_file is not None:
                await self._read(job.validation_file, 1)
        except DataError as error:
            message = f"The job failed due to an invalid file. {error}"
            job.fail(error.code, message, param)
            return None
        return None if job.has_ended else data

    async def _read(self, file_id: str, min_examples: int) -> TrainingData:
        try:
            path = self._files.find(file_id).path
        except ApiError as error:
            raise DataError("file_not_found", str(error)) from error
        assert path is not None
        return await read_training_data(path, min_examples=min_examples)

    def _planned(self, job: TuningJob, data: TrainingData) -> list[Step]:
        chosen = job.hyperparameters
        defaults = {
            "n_epochs": self.rules.default_epochs,
            "batch_size": 1 + data.example_count // _EXAMPLES_PER_BATCH,
            "learning_rate_multiplier": 2.0,
        }
        for name, value in defaults.items():
            if chosen.get(name, "auto") == "auto":
                chosen[name] = value
        step_count = -(-data.example_count // chosen["batch_size"]) * chosen["n_epochs"]
        return curve(step_count, job.seed, has_validation=job.validation_file is not None)

    async def _train(self, job: TuningJob, steps: list[Step]) -> None:
        def is_over() -> bool:
            part = (time.monotonic() - started_s) / (self.rules.running_s or 1.0)
            if not job.has_ended:
                tell(int(len(steps) * min(part, 1.0)))
            return job.has_ended

        tell = _teller(job, steps)
        started_s = time.monotonic()
        await wait_phase(lambda: self.rules.running_s, is_over)
        if not job.has_ended:
            tell(len(steps))

    def _finish(self, job: TuningJob, data: TrainingData, steps: list[Step]) -> None:
        if self.rules.is_failing:
            job.fail("server_error", "The job failed due to an internal error.")
            return
        self._serve_models(job, steps)
        is_base64 = self.rules.result_encoding == "base64"
        path = self._files.new_path()
        path.write_bytes(metrics_file(steps, is_base64=is_base64))
        name = "step_metrics.csv"
        file = self._files.add(path, name, "fine-tune-results", is_upload=False)
        job.result_files = [file.id]
        job.fine_tuned_model = job.result_model
        job.trained_tokens = data.token_count * job.hyperparameters["n_epochs"]
        job.say(f"New fine-tuned model created: {job.result_model}")
        job.say("The job has successfully completed")
        job.end("succeeded")

    def _serve_models(self, job: TuningJob, steps: list[Step]) -> None:
        base = self._models.find(job.model)
        epochs = job.hyperparameters["n_epochs"]
        for epoch in range(max(1, epochs - _CHECKPOINT_EPOCHS + 1), epochs + 1):
            step = steps[len(steps) * epoch // epochs - 1]
            is_last = epoch == epochs
            name = job.result_model if is_last else f"{job.result_model}:ckpt-step-{step.number}"
            update = {"id": name, "owned_by": ORGANIZATION, "created": int(time.time())}
            self._models.add_tuned(base.model_copy(update=update))
            job.add_checkpoint(step, name)
            job.say(f"Checkpoint created at step {step.number}")


def _teller(job: TuningJob, steps: list[Step]) -> Callable[[int], None]:
    """Adds the events of the steps up to one, each once, and not too many in all."""
    every = -(-len(steps) // _MOST_METRICS_EVENTS)
    told = 0

    def tell(until: int) -> None:
        nonlocal told
        for step in steps[told:until]:
            if step.number % every == 0 or step.number == len(steps):
                _tell(job, step, len(steps))
        told = max(told, until)

    return tell


def _tell(job: TuningJob, step: Step, step_count: int) -> None:
    message = f"Step {step.number}/{step_count}: training loss={step.train_loss:.2f}"
    data: dict[str, float | None] = {
        "step": step.number,
        "total_steps": step_count,
        "train_loss": step.train_loss,
        "train_mean_token_accuracy": step.train_accuracy,
    }
    if step.valid_loss is not None:
        message += f", validation loss={step.valid_loss:.2f}"
        data |= {"valid_loss": step.valid_loss, "valid_mean_token_accuracy": step.valid_accuracy}
    job.say(message, data=data)
