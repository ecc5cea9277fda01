"""From what chunks have asked so far to what the others will ask."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from engine.files.records import read_records
from engine.run_folder import RunFolder
from engine.wire.prices import Price
from jobs.dataset.ask_teacher import QUESTIONS
from jobs.documents.chunk_documents import CHUNKS
from jobs.plan.most import MOST, PerItem, most_of
from jobs.plan.project import NOTHING, Point, Projection, project
from jobs.plan.replay import ASKING, AskedByKey, AskedSoFar
from schemas.documents import Chunk
from schemas.plan import StagePlan
from schemas.settings import RunSettings

ENOUGH_CHUNKS = 5  # of a sample, before anything is counted on from it
NO_ASKED = AskedSoFar()


class SizedChunk(NamedTuple):
    """A chunk that is asked about, and what was asked about it for questions."""

    chunk_id: str
    size: float
    is_trained: bool
    asked: AskedSoFar


class StagesEstimate(NamedTuple):
    """The plan of the asking stages, and the chunks that it was made from."""

    stages: tuple[StagePlan, ...]
    sampled: Sequence[SizedChunk]
    left: Sequence[SizedChunk]

    @property
    def is_sampled(self) -> bool:
        """Whether enough was asked to count on from it."""
        return len(self.sampled) >= ENOUGH_CHUNKS


def estimate_stages(
    copy: RunFolder, asked: Mapping[str, AskedByKey], settings: RunSettings, price: Price
) -> StagesEstimate:
    """What the stages will still ask: counted on from a sample, or at most if there is none.

    Raises:
        DamagedLogError: a file of the copy is damaged.
    """
    chunks = [
        SizedChunk(chunk.chunk_id, chunk.token_count, chunk.side == "train", questions)
        for chunk in read_records(copy.results_path(CHUNKS.name), Chunk)
        if (questions := asked[QUESTIONS.name].get(chunk.chunk_id)) is not None
    ]
    sampled = [each for each in chunks if not each.asked.is_left]
    left = [each for each in chunks if each.asked.is_left]
    wanted = [stage for stage in ASKING if stage.is_wanted(settings)]
    plans, done = [], sampled
    for stage in wanted:
        own = asked[stage.name]
        is_reached = _reached_by(stage.name, settings)
        own_of = {
            each.chunk_id: own.get(each.chunk_id, NO_ASKED) for each in done if is_reached(each)
        }
        others = [each for each in chunks if is_reached(each) and each.chunk_id not in own_of]
        if len(sampled) < ENOUGH_CHUNKS or _is_unknown(own_of.values(), others):
            most = _Most(others, tuple(own_of.values()), settings, price)
            plans.append(most.plan_of(stage.name))
        else:
            plans.append(_project_stage(stage.name, own_of, chunks, others))
        done = [each for each in done if not own.get(each.chunk_id, NO_ASKED).is_left]
    return StagesEstimate(tuple(plans), sampled, left)


def _reached_by(stage: str, settings: RunSettings) -> Callable[[SizedChunk], bool]:
    """Which chunks a stage asks about."""
    if MOST[stage].asks_of_held_out(settings):
        return lambda _: True
    return lambda chunk: chunk.is_trained


Read = Callable[[AskedSoFar], float]


def _is_unknown(own: Collection[AskedSoFar], others: Sequence[SizedChunk]) -> bool:
    """Whether a stage has more to ask, and nothing that it has asked tells how much."""
    is_done = any(not each.is_left for each in own)
    is_settled = any(each.requests for each in own)
    is_waiting = any(each.is_left for each in own)
    return (bool(others) and not is_done) or (is_waiting and not is_settled)


def _project_stage(
    stage: str,
    own: Mapping[str, AskedSoFar],
    chunks: Sequence[SizedChunk],
    others: Sequence[SizedChunk],
) -> StagePlan:
    """Of chunks that it has not come to, by those that it is done with; then what waits."""
    done = [each for each in chunks if each.chunk_id in own and not own[each.chunk_id].is_left]
    sizes = [each.size for each in others]
    settled = [each for each in own.values() if each.requests]
    waiting_count = sum(each.left_count for each in own.values())

    def amount_of(read: Read) -> Projection:
        points = [Point(each.size, read(own[each.chunk_id])) for each in done]
        of_chunks = project(points, sizes) if points else NOTHING
        singles = [Point(0.0, read(each) / each.requests) for each in settled]
        waiting = project(singles, [0.0] * waiting_count) if singles else NOTHING
        return of_chunks.plus(waiting)

    is_priced = all(each.usd is not None for each in settled)
    return StagePlan(
        stage=stage,
        requests=amount_of(lambda each: each.requests).amount(),
        prompt_tokens=amount_of(lambda each: each.prompt_tokens).amount(),
        completion_tokens=amount_of(lambda each: each.completion_tokens).amount(),
        usd=amount_of(lambda each: each.usd or 0.0).amount() if is_priced else None,
    )


class _Most(NamedTuple):
    """The most that stages can ask about chunks of which nothing is known but the prompt.

    `waiting` is what else is to be asked, as far as it is known.
    """

    left: Sequence[SizedChunk]
    waiting: Sequence[AskedSoFar]
    settings: RunSettings
    price: Price

    def plan_of(self, stage: str) -> StagePlan:
        """The plan of one of the asking stages."""
        waiting = [
            PerItem(
                each.left_count,
                each.worst_prompt_tokens / each.left_count,
                each.worst_completion_tokens / each.left_count,
                "",
                each.worst_usd,
            )
            for each in self.waiting
            if each.is_left
        ]
        return most_of(stage, [*self._items_of(stage), *waiting], self.price)

    def _items_of(self, stage: str) -> Iterable[PerItem]:
        for chunk in filter(_reached_by(stage, self.settings), self.left):
            yield from MOST[stage].about_chunk(chunk.asked, self.settings)
