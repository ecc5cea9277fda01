"""Has the judge say whether a text really lacks the answer to an evaluation's question."""

from collections.abc import Sequence

from engine.ask import Ask, await_all, with_purpose
from engine.files.records import RecordLog
from jobs.dataset.judge.ask_judge import Judged, judge_excerpt
from jobs.run.stages import StageContext
from jobs.settings.roles import judge_of
from schemas.documents import Chunk
from schemas.evaluation import Contest, Sample
from schemas.record import content_id
from schemas.settings import RunSettings

PURPOSE = "evaluation_unanswerable"


async def keep_unanswerable(
    samples: Sequence[Sample], chunks: RecordLog[Chunk], context: StageContext[Contest]
) -> list[Sample]:
    """Those samples whose text does not answer their question, by the word of the judge.

    One call a sample; all are asked before Deferred is raised. One on which the judge says nothing
    is left out: what is not known to lack the answer would blame an answer for being right.

    Raises:
        What `Ask` raises.
    """
    ask = with_purpose(context.ask, PURPOSE)

    async def lacks_answer(sample: Sample) -> bool:
        context.on_item(sample)
        return await _lacks_answer(sample, chunks, ask, context.settings)

    said = await await_all(map(lacks_answer, samples))
    return [sample for sample, is_lacking in zip(samples, said, strict=True) if is_lacking]


async def _lacks_answer(
    sample: Sample, chunks: RecordLog[Chunk], ask: Ask, settings: RunSettings
) -> bool:
    assert sample.kind is not None  # questions of the run have one
    (chunk_id,) = sample.chunk_ids
    item_id = content_id(PURPOSE, sample.sample_id, judge_of(settings).model)
    found = await judge_excerpt(
        item_id, sample.kind, sample.question, chunks.require(chunk_id), ask, settings
    )
    return isinstance(found, Judged) and not found.verdict.answerable
