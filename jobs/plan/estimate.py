"""From what chunks have asked so far to what the others will ask."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from engine.files.records import read_records, record_id
from engine.run_folder import RunFolder
from engine.wire.prices import Price
from jobs.dataset.ask_teacher import ANSWERS, QUESTIONS, list_answer_items
from jobs.documents.chunk_documents import CHUNKS
from jobs.plan.project import NOTHING, Point, Projection, project
from jobs.plan.replay import Asked, Replayed
from schemas.documents import Chunk
from schemas.outcomes import Usage
from schemas.plan import Amount, StagePlan
from schemas.settings import RunSettings

ENOUGH_CHUNKS = 5  # of a sample, before anything is counted on from it
MAX_SENDS = 3  # in output limits: once, and once more with twice the limit


class SizedChunk(NamedTuple):
    """A chunk that is asked about, and what it has asked."""

    chunk_id: str
    size: float
    is_trained: bool
    asked: Asked


class Estimate(NamedTuple):
    """The plan of both stages, and the chunks that it was made from."""

    stages: tuple[StagePlan, StagePlan]
    sampled: Sequence[SizedChunk]
    left: Sequence[SizedChunk]

    @property
    def is_sampled(self) -> bool:
        """Whether enough was asked to count on from it."""
        return len(self.sampled) >= ENOUGH_CHUNKS


def estimate_stages(
    copy: RunFolder, replayed: Replayed, settings: RunSettings, price: Price
) -> Estimate:
    """What both stages will still ask: counted on from a sample, or at most if there is none.

    Raises:
        DamagedLogError: a file of the copy is damaged.
    """
    chunks = [
        SizedChunk(chunk.chunk_id, chunk.token_count, chunk.side == "train", asked)
        for chunk in read_records(copy.results_path(CHUNKS.name), Chunk)
        if (asked := replayed.questions.get(chunk.chunk_id)) is not None
    ]
    sampled = [each for each in chunks if not each.asked.is_left]
    left = [each for each in chunks if each.asked.is_left]
    if len(sampled) < ENOUGH_CHUNKS:
        stages = _most_questions(left), _most_answers(left, settings, price)
    else:
        answers = _answers_by_chunk(copy, replayed.answers, settings)
        stages = _project_questions(sampled, left), _project_answers(sampled, left, answers)
    return Estimate(stages, sampled, left)


def _answers_by_chunk(
    copy: RunFolder, asked: Mapping[str, Asked], settings: RunSettings
) -> dict[str, list[Asked]]:
    by_chunk: dict[str, list[Asked]] = {}
    for item in list_answer_items(copy, settings):
        if (answer := asked.get(record_id(item))) is not None:
            by_chunk.setdefault(item.chunk_id, []).append(answer)
    return by_chunk


Read = Callable[[Asked], float]
ReadAmount = Callable[[Read], Projection]


def _stage_plan(stage: str, amount_of: ReadAmount, *, is_priced: bool) -> StagePlan:
    return StagePlan(
        stage=stage,
        requests=amount_of(lambda asked: asked.requests).amount(),
        prompt_tokens=amount_of(lambda asked: asked.prompt_tokens).amount(),
        completion_tokens=amount_of(lambda asked: asked.completion_tokens).amount(),
        usd=amount_of(lambda asked: asked.usd or 0.0).amount() if is_priced else None,
    )


def _is_priced(asked: Iterable[Asked]) -> bool:
    return all(each.usd is not None for each in asked)


def _project_questions(sampled: Sequence[SizedChunk], left: Sequence[SizedChunk]) -> StagePlan:
    sizes = [chunk.size for chunk in left]

    def amount_of(read: Read) -> Projection:
        return project([Point(chunk.size, read(chunk.asked)) for chunk in sampled], sizes)

    is_priced = _is_priced(chunk.asked for chunk in sampled)
    return _stage_plan(QUESTIONS.name, amount_of, is_priced=is_priced)


def _project_answers(
    sampled: Sequence[SizedChunk],
    left: Sequence[SizedChunk],
    answers: Mapping[str, Sequence[Asked]],
) -> StagePlan:
    """Of chunks that are left, by trained chunks whose questions are answered; then what waits."""
    own = {chunk.chunk_id: answers.get(chunk.chunk_id, []) for chunk in sampled if chunk.is_trained}
    done = [
        chunk
        for chunk in sampled
        if chunk.is_trained and not any(each.is_left for each in own[chunk.chunk_id])
    ]
    sizes = [chunk.size for chunk in left if chunk.is_trained]
    settled = [each for asked in own.values() for each in asked if not each.is_left]
    waiting_count = sum(each.is_left for asked in own.values() for each in asked)

    def amount_of(read: Read) -> Projection:
        points = [Point(each.size, sum(map(read, own[each.chunk_id]))) for each in done]
        of_chunks = project(points, sizes) if points else NOTHING
        singles = [Point(0.0, read(each)) for each in settled]
        waiting = project(singles, [0.0] * waiting_count) if singles else NOTHING
        return of_chunks.plus(waiting)

    return _stage_plan(ANSWERS.name, amount_of, is_priced=_is_priced(settled))


def _most(value: float) -> Amount:
    return Amount(value=None, low=None, high=value)


def _most_questions(left: Sequence[SizedChunk]) -> StagePlan:
    worst = [chunk.asked.worst_usd for chunk in left]
    known = [usd for usd in worst if usd is not None]
    return StagePlan(
        stage=QUESTIONS.name,
        requests=_most(len(left)),
        prompt_tokens=_most(sum(chunk.asked.worst_prompt_tokens for chunk in left)),
        completion_tokens=_most(sum(chunk.asked.worst_completion_tokens for chunk in left)),
        usd=_most(sum(known)) if len(known) == len(worst) else None,
    )


def _most_answers(left: Sequence[SizedChunk], settings: RunSettings, price: Price) -> StagePlan:
    """As many answers as questions may be asked for, each with the prompt that its chunk has."""
    trained = [chunk for chunk in left if chunk.is_trained]
    per_chunk, limit = settings.questions.per_chunk, settings.answers.max_output_tokens
    sends = MAX_SENDS if settings.limits.retry_truncated else 1
    usages = [Usage(chunk.asked.worst_prompt_tokens, limit * sends) for chunk in trained]
    costs = [price(settings.teacher.model, usage) for usage in usages]
    known = [usd for usd in costs if usd is not None]
    prompt_tokens = sum(usage.prompt_tokens for usage in usages)
    return StagePlan(
        stage=ANSWERS.name,
        requests=_most(per_chunk * len(trained)),
        prompt_tokens=_most(per_chunk * prompt_tokens),
        completion_tokens=_most(per_chunk * limit * len(trained)),
        usd=_most(per_chunk * sum(known)) if len(known) == len(costs) else None,
    )
