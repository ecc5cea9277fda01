"""Passes over a copy of the run with a journal that buys nothing, noting what each chunk asked."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TypeVar

from engine.errors import Deferred
from engine.files.journal import Journal
from engine.run_folder import RunFolder
from engine.stopping import Stopping
from engine.wire.prices import Price, counted_sends, worst_case_usd
from jobs.dataset.rows.export_dataset import EXPORT
from jobs.dataset.stages import DATASET
from jobs.run.changing.preview import open_copy
from jobs.run.progress import RunProgress
from jobs.run.reset import reset_stages
from jobs.run.run_stages import run_stages
from jobs.run.stages import Stage, StageContext, Stages
from schemas.outcomes import Outcome
from schemas.record import Record
from schemas.requests import Request
from schemas.settings import RunSettings

ASKING: Stages[None] = tuple(stage for stage in DATASET if stage.purposes)

Order = TypeVar("Order")

_KEY: ContextVar[str] = ContextVar("key")


@dataclass
class AskedSoFar:
    """What `items` have asked, by what their settled requests took.

    `usd` None: an unknown price. `left_count` requests are not settled, so that their items are
    asked about again; `worst_usd` and the two token counts below it are for these, at most.
    """

    items: int = 0
    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float | None = 0.0
    latency_s: float = 0.0
    left_count: int = 0
    worst_usd: float | None = 0.0
    worst_prompt_tokens: int = 0
    worst_completion_tokens: int = 0

    @property
    def is_left(self) -> bool:
        """Whether something of it is not settled."""
        return self.left_count > 0


AskedByKey = Mapping[str, AskedSoFar]


@dataclass
class Notes:
    """An `Ask` that answers from the journal, and notes for which item it was asked what."""

    journal: Journal
    price: Price
    sends: Sequence[int]
    asked: defaultdict[str, AskedSoFar] = field(default_factory=lambda: defaultdict(AskedSoFar))

    async def __call__(self, request: Request) -> Outcome:
        """The outcome of a settled request. Raises Deferred for any other."""
        asked = self.asked[_KEY.get()]
        outcome = self.journal.get(request.request_id)
        if outcome is None:
            asked.left_count += 1
            asked.worst_usd = _sum(asked.worst_usd, worst_case_usd(self.price, request, self.sends))
            asked.worst_prompt_tokens += request.prompt_tokens
            asked.worst_completion_tokens += request.max_output_tokens * sum(self.sends)
            raise Deferred
        asked.requests += 1
        asked.prompt_tokens += outcome.usage.prompt_tokens
        asked.completion_tokens += outcome.usage.completion_tokens
        asked.latency_s += outcome.latency_s
        asked.usd = _sum(asked.usd, self.price(request.model, outcome.usage))
        return outcome

    def begin(self, key: str) -> None:
        """An item of this key is begun: what this task asks from here on is for it."""
        self.asked[key].items += 1
        _KEY.set(key)


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


class Replay:
    """A copy of a run, to work through stages in; nothing is sent, the run stays as it is."""

    def __init__(self, context: StageContext[None], notes: Notes, stages: Stages[None]) -> None:
        self.context = context
        self._notes = notes
        first = next(number for number, stage in enumerate(stages) if stage.purposes)
        self._reading = stages[:first]
        self._asking = tuple(stage for stage in stages[first:] if stage is not EXPORT)

    async def read_documents(self) -> None:
        """Read and cut what is not yet, as far as no stage asks.

        Raises:
            EngineError: a file is damaged, or a stop was requested.
        """
        with RunProgress([stage.name for stage in self._reading], dict) as progress:
            await run_stages(self._reading, replace(self.context, progress=progress.begin))

    async def ask_dataset(self) -> Mapping[str, AskedByKey]:
        """What each asking stage has asked about each chunk, by the stage's name.

        Raises:
            EngineError: a file is damaged, or a stop was requested.
        """
        reset_stages(self.context.folder, self._asking)
        found = {}
        for stage in self._asking:
            if stage.purposes:
                found[stage.name] = await self.ask(stage, self.context, _chunk_of)
            else:
                await run_stages((stage,), self.context)
        return found

    async def ask(
        self, stage: Stage[Order], context: StageContext[Order], key_of: Callable[[Record], str]
    ) -> AskedByKey:
        """What one stage has asked, by the keys of its items."""
        notes = replace(self._notes, asked=defaultdict(AskedSoFar))
        noting = replace(context, ask=notes, on_item=lambda item: notes.begin(key_of(item)))
        await run_stages((stage,), noting)
        return dict(notes.asked)


@asynccontextmanager
async def open_replay(
    folder: RunFolder,
    settings: RunSettings,
    price: Price,
    stopping: Stopping,
    stages: Stages[None] = DATASET,
) -> AsyncIterator[Replay]:
    """A replay for the length of the block."""

    def make_notes(journal: Journal) -> Notes:
        return Notes(journal, price, counted_sends(settings.limits))

    async with open_copy(folder, settings, stopping, make_notes) as copy:
        yield Replay(copy.context, copy.ask, stages)


def _chunk_of(item: Record) -> str:
    chunk_id: str = getattr(item, "chunk_id", "")
    return chunk_id
