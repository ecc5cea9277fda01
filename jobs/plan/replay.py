"""Passes over a copy of the run with a journal that buys nothing, noting what each item asked."""

import shutil
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from engine.ask import Ask
from engine.errors import Deferred
from engine.files.journal import Journal
from engine.files.records import record_id
from engine.run_folder import RunFolder
from engine.stopping import Stopping
from engine.wire.prices import ALL_SENDS, ONE_SEND, Price, worst_case_usd
from jobs.dataset.ask_teacher import ANSWERS, QUESTIONS
from jobs.dataset.keep_questions import KEPT_QUESTIONS
from jobs.dataset.stages import DATASET
from jobs.run.preview import COPY_NAME, copy_stages
from jobs.run.reset import reset_stages
from jobs.run.stages import ItemWork, Stage, StageContext, run_stages
from schemas.outcomes import Outcome
from schemas.record import Record
from schemas.requests import Request
from schemas.settings import RunSettings

_ITEM: ContextVar[str] = ContextVar("item")


@dataclass
class Asked:
    """What an item has asked, by what its settled requests took; `usd` None: unknown price.

    `is_left`: a request of it is not settled, so that it is asked about again. `worst_usd` and
    the two token counts below it are for that request, at most.
    """

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float | None = 0.0
    latency_s: float = 0.0
    is_left: bool = False
    worst_usd: float | None = 0.0
    worst_prompt_tokens: int = 0
    worst_completion_tokens: int = 0


class Replayed(NamedTuple):
    """What the items of both asking stages have asked, by their ids."""

    questions: dict[str, Asked]
    answers: dict[str, Asked]


@dataclass
class _Notes:
    """An `Ask` that answers from the journal, and notes for which item it was asked what."""

    journal: Journal
    price: Price
    sends: Sequence[int]
    items: defaultdict[str, Asked] = field(default_factory=lambda: defaultdict(Asked))

    async def __call__(self, request: Request) -> Outcome:
        asked = self.items[_ITEM.get()]
        outcome = self.journal.get(request.request_id)
        if outcome is None:
            asked.is_left = True
            asked.worst_usd = worst_case_usd(self.price, request, self.sends)
            asked.worst_prompt_tokens = request.prompt_tokens
            asked.worst_completion_tokens = request.max_output_tokens
            raise Deferred
        usd = self.price(request.model, outcome.usage)
        asked.requests += 1
        asked.prompt_tokens += outcome.usage.prompt_tokens
        asked.completion_tokens += outcome.usage.completion_tokens
        asked.latency_s += outcome.latency_s
        asked.usd = None if usd is None or asked.usd is None else asked.usd + usd
        return outcome


@contextmanager
def copied(folder: RunFolder) -> Iterator[RunFolder]:
    """A copy of what the stages of a run have written, for the length of the block."""
    copy = RunFolder(folder.run_dir / COPY_NAME)
    shutil.rmtree(copy.run_dir, ignore_errors=True)
    try:
        copy_stages(folder, copy)
        yield copy
    finally:
        shutil.rmtree(copy.run_dir, ignore_errors=True)


async def replay(
    copy: RunFolder,
    journal_path: Path,
    settings: RunSettings,
    price: Price,
    stopping: Stopping,
) -> Replayed:
    """Read and cut what is not yet, then see what each chunk and question has asked and will ask.

    Raises:
        EngineError: a file is damaged, or a stop was requested.
    """
    reset_stages(copy, (QUESTIONS, KEPT_QUESTIONS, ANSWERS))
    sends = ALL_SENDS if settings.limits.retry_truncated else ONE_SEND
    async with Journal(journal_path) as journal:
        notes = {stage.name: _Notes(journal, price, sends) for stage in (QUESTIONS, ANSWERS)}
        before = DATASET[: DATASET.index(QUESTIONS)]
        for stages, ask in (
            (before, notes[QUESTIONS.name]),
            ((_noting(QUESTIONS),), notes[QUESTIONS.name]),
            ((KEPT_QUESTIONS,), notes[QUESTIONS.name]),
            ((_noting(ANSWERS),), notes[ANSWERS.name]),
        ):
            context = StageContext(
                folder=copy,
                settings=settings,
                ask=ask,
                journal=journal,
                stopping=stopping,
                details=dict,
                order=None,
            )
            await run_stages(stages, context)
    return Replayed(dict(notes[QUESTIONS.name].items), dict(notes[ANSWERS.name].items))


def _noting(stage: Stage[None]) -> Stage[None]:
    """The stage, whose work says for which item it asks."""
    assert isinstance(stage.work, ItemWork)
    work: Callable[[Any, Ask, Any], Awaitable[Sequence[Any]]] = stage.work.work

    async def work_noting(item: Record, ask: Ask, needs: object) -> Sequence[Any]:
        _ITEM.set(record_id(item))
        return await work(item, ask, needs)

    return replace(stage, work=replace(stage.work, work=work_noting))
