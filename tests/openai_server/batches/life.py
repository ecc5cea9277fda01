"""Takes one batch from `validating` to its end, in compressed time."""

import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from tests.openai_server.batches.answers import BatchRun, Input
from tests.openai_server.batches.batch import Batch, BatchProblem
from tests.openai_server.batches.bills import BatchBills
from tests.openai_server.batches.validation import Sound, Validation
from tests.openai_server.config import ANY_MODEL
from tests.openai_server.errors import ApiError
from tests.openai_server.models import Models
from tests.openai_server.paid.api import PaidApi
from tests.openai_server.paid.chat import ChatCompletions
from tests.openai_server.replies import Reply
from tests.openai_server.slow.config import BatchRules, Ending
from tests.openai_server.slow.file_store import FileStore
from tests.openai_server.slow.phases import wait_phase

_OUTPUT_LIFETIME_S = 30 * 86_400.0  # OpenAI batch guide
_CHAT = "/v1/chat/completions"


class BatchLives:
    """What all lives share: the rules as they are now, files, models, areas and the bills."""

    def __init__(
        self,
        rules: BatchRules,
        files: FileStore,
        models: Models,
        areas: Mapping[str, PaidApi],
        bills: BatchBills,
    ) -> None:
        self.rules = rules
        self._files = files
        self._models = models
        self._areas = areas
        self._bills = bills

    @property
    def endpoints(self) -> Collection[str]:
        """What a batch can be for."""
        return self._areas.keys()

    async def live(self, batch: Batch, enqueued: Callable[[str], int]) -> None:
        """The whole life of `batch`; `enqueued` gives the tokens that a model has out already."""
        await wait_phase(lambda: self.rules.validating_s, lambda: batch.is_cancel_asked)
        checked = await self._validated(batch)
        if not isinstance(checked, Input):
            return _fail(batch, checked)
        if problem := self._over_limit(checked, enqueued):
            return _fail(batch, (problem,))
        sound = checked.sound
        batch.model, batch.enqueued_tokens = sound.model.id, sound.input_tokens
        batch.total = len(sound.starts) - 1
        was_cancelled = batch.is_cancel_asked
        if not was_cancelled:
            batch.move("in_progress")
            await self._progress(batch)
        await self._end(batch, checked, 0.0 if was_cancelled else self.rules.answered_share)
        batch.enqueued_tokens = 0
        return None

    async def _validated(self, batch: Batch) -> Input | tuple[BatchProblem, ...]:
        try:
            path = self._files.find(batch.input_file_id).path
        except ApiError as error:
            return (BatchProblem("file_not_found", str(error), param="input_file_id"),)
        assert path is not None
        area = self._area(batch.endpoint)
        validation = Validation(batch.endpoint, area, self._models, self.rules)
        checked = await validation.check(path)
        return Input(path, checked, area, self.rules) if isinstance(checked, Sound) else checked

    def _area(self, endpoint: str) -> PaidApi:
        fixed = self.rules.fixed_reply
        if fixed is None or endpoint != _CHAT:
            return self._areas[endpoint]
        reply = Reply(fixed)
        return ChatCompletions(lambda body, number: reply)

    def _over_limit(self, given: Input, enqueued: Callable[[str], int]) -> BatchProblem | None:
        model = given.sound.model.id
        limit = self.rules.enqueued_tokens.get(model, self.rules.enqueued_tokens.get(ANY_MODEL))
        if limit is None or enqueued(model) + given.sound.input_tokens <= limit:
            return None
        message = (
            f"Enqueued token limit reached for {model} in organization org-test. Limit: "
            f"{limit:,} enqueued tokens. Please try again once some in_progress batches have "
            "been completed."
        )
        return BatchProblem("token_limit_exceeded", message)

    async def _progress(self, batch: Batch) -> None:
        def is_over() -> bool:
            elapsed_s = time.monotonic() - started_s
            part = min(self.rules.answered_share, elapsed_s / (self.rules.in_progress_s or 1.0))
            batch.completed = int(batch.total * part)
            return batch.is_cancel_asked or time.time() >= batch.expires_at

        started_s = time.monotonic()
        await wait_phase(lambda: self.rules.in_progress_s, is_over)

    async def _end(self, batch: Batch, given: Input, share: float) -> None:
        ending = self._ending(batch)
        if ending == "failed":
            return _fail(batch, (BatchProblem("server_error", "The batch could not be run."),))
        if not given.path.exists():
            message = f"The input file {batch.input_file_id} was deleted."
            return _fail(batch, (BatchProblem("file_not_found", message),))
        batch.completed = 0
        batch.move("cancelling" if ending == "cancelled" else "finalizing")
        started_s = time.monotonic()
        output, errors = self._files.new_path(), self._files.new_path()
        run = BatchRun(batch, given, self._bills)
        await run.write(output, errors, 1.0 if ending == "completed" else share, ending)
        batch.failed = 0 if ending == "expired" else batch.failed
        await wait_phase(lambda: self._closing_s(ending), lambda: False, started_s)
        batch.output_file_id = self._kept(output, f"{batch.id}_output.jsonl")
        batch.error_file_id = self._kept(errors, f"{batch.id}_error.jsonl")
        if batch.error_file_id is None and self.rules.is_null_error_file_empty:
            batch.error_file_id = ""
        return batch.move(ending)

    def _closing_s(self, ending: Ending) -> float:
        return self.rules.cancelling_s if ending == "cancelled" else self.rules.finalizing_s

    def _ending(self, batch: Batch) -> Ending:
        if batch.is_cancel_asked:
            return "cancelled"
        if time.time() >= batch.expires_at:
            return "expired"
        return self.rules.endings.get(batch.number or 0, self.rules.ending)

    def _kept(self, path: Path, filename: str) -> str | None:
        if path.stat().st_size == 0:
            path.unlink()
            return None
        file = self._files.add(path, filename, "batch_output", is_upload=False)
        lifetime_s = self.rules.output_lifetime_s
        file.expires_at = time.time() + (_OUTPUT_LIFETIME_S if lifetime_s is None else lifetime_s)
        return file.id


def _fail(batch: Batch, problems: tuple[BatchProblem, ...]) -> None:
    batch.problems = problems
    batch.enqueued_tokens = batch.total = batch.completed = batch.failed = 0
    batch.move("failed")
