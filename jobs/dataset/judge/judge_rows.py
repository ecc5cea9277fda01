"""The stage in which the judge looks at questions and answers before they become rows."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import groupby
from typing import NamedTuple

from engine.ask import Ask
from engine.errors import ConfigError
from engine.files.records import RecordLog, read_records, read_records_by_id
from engine.run_folder import RunFolder
from engine.stage import StageFiles, StagePass
from jobs.dataset.ask_teacher import ANSWERS
from jobs.dataset.filters.filter_questions import find_grounded_question_fault
from jobs.dataset.filters.source_text import SourceText
from jobs.dataset.judge.ask_judge import (
    PROMPTS,
    PURPOSE,
    JudgeCall,
    Judged,
    QaPair,
    QaVerdict,
    Unjudged,
    judge_pairs,
)
from jobs.dataset.judge.verdict_faults import find_verdict_fault, supported_share
from jobs.dataset.pairs.pair_ids import by_text, read_text_ids, text_ids
from jobs.dataset.profiles import PROFILES
from jobs.dataset.questions.keep_questions import KEPT_QUESTIONS
from jobs.dataset.questions.question_vectors import CHUNK_FIELD
from jobs.documents.chunk_documents import CHUNKS
from jobs.documents.passages import Passages, passages_of
from jobs.run.reset import reset_stages
from jobs.run.stages import Items, ItemWork, Stage, StageContext, run_items
from jobs.settings.roles import judge_cache, judge_of
from jobs.text.numbered_sentences import number_sentences
from schemas.dataset import Answer, Fault, Question, Rejection, Verdict
from schemas.documents import Chunk
from schemas.record import Record, content_id
from schemas.settings import RunSettings

STAGE = "verdicts"


class ChunkAnswers(Record):
    """All answers about one chunk, or about a pair; the id names them and who is to judge them."""

    answers_id: str
    chunk_id: str
    second_chunk_id: str
    answers: tuple[Answer, ...]


class _Needs(NamedTuple):
    questions: RecordLog[Question]
    chunks: RecordLog[Chunk]
    settings: RunSettings


def verdict_id(answer_id: str, settings: RunSettings) -> str:
    """The id of what the judge of these settings says of an answer."""
    return content_id("verdict", answer_id, judge_of(settings).model)


def _list_chunks(context: StageContext[None], files: StageFiles[Verdict]) -> Items[ChunkAnswers]:
    path = context.folder.results_path(ANSWERS.name)
    answers = read_records_by_id(path, Answer, group_field=CHUNK_FIELD)
    groups = _group(answers, judge_of(context.settings).model)
    unfinished = (group for group in groups if files.is_unfinished(group.answers_id))
    total = _count_chunks(context.folder, context.settings)
    return Items(unfinished, total, len(files.finished))


def _count_chunks(folder: RunFolder, _: RunSettings) -> int:
    return len(set(read_text_ids(folder.results_path(ANSWERS.name))))


def _group(answers: Iterator[Answer], judge: str) -> Iterator[ChunkAnswers]:
    for (chunk_id, second_chunk_id), group in groupby(by_text(answers), key=text_ids):
        together = tuple(group)
        ids = [answer.answer_id for answer in together]
        yield ChunkAnswers(
            answers_id=content_id("answers of a chunk", chunk_id, judge, ids),
            chunk_id=chunk_id,
            second_chunk_id=second_chunk_id,
            answers=together,
        )


@asynccontextmanager
async def _open_sources(
    context: StageContext[None], _: StageFiles[Verdict]
) -> AsyncIterator[_Needs]:
    folder = context.folder
    async with AsyncExitStack() as logs:
        questions = await logs.enter_async_context(
            RecordLog(folder.results_path(KEPT_QUESTIONS.name), Question)
        )
        chunks = await logs.enter_async_context(RecordLog(folder.results_path(CHUNKS.name), Chunk))
        yield _Needs(questions, chunks, context.settings)


async def _judge(item: ChunkAnswers, ask: Ask, needs: _Needs) -> list[Verdict | Rejection]:
    """The answers about one text in, for each a verdict or a rejection out.

    An answer whose question is not kept any more makes no row and is not judged.
    """
    asked = [
        (question, answer)
        for answer in item.answers
        if (question := needs.questions.get(answer.question_id)) is not None
    ]
    passages, judge = passages_of(item, needs.chunks.require), judge_of(needs.settings)
    if not asked:
        left = (_reject(answer, answer.text, Fault("not_kept")) for answer in item.answers)
        return [each.of_chunk(passages.chunk, passages.second_id) for each in left]
    found = await judge_pairs(
        JudgeCall(
            item.answers_id,
            judge.model,
            judge.server,
            judge.parameters,
            judge_cache(needs.settings),
        ),
        [QaPair(question.kind, question.text, answer.text) for question, answer in asked],
        passages,
        ask,
        needs.settings.judge,
    )
    decided = [
        _decide(question, answer, each, passages, needs.settings)
        for (question, answer), each in zip(asked, found, strict=True)
    ]
    return [
        each.of_chunk(passages.chunk, passages.second_id) if isinstance(each, Rejection) else each
        for each in decided
    ]


def _decide(
    question: Question,
    answer: Answer,
    found: Judged | Unjudged,
    passages: Passages,
    settings: RunSettings,
) -> Verdict | Rejection:
    if isinstance(found, Unjudged):
        rejection = _reject(answer, question.text, Fault(found.reason, detail=found.detail))
        return rejection.with_draft(question.kind, answer.evidence, answer.scores)
    verdict = found.verdict
    fault = find_verdict_fault(verdict, settings.judge) or _find_passage_fault(verdict, passages)
    is_reworded = found.question != question.text
    if fault is None and is_reworded:
        evidence = " ".join(passages.read(question.evidence))
        source = SourceText(evidence, *passages.in_order)
        fault = find_grounded_question_fault(
            found.question, question.kind, source, settings.questions
        )
    if fault is not None:
        scores = {**answer.scores, **_scores(verdict)}
        rejection = _reject(answer, f"{found.question}\n{answer.text}", fault)
        return rejection.with_draft(question.kind, answer.evidence, scores)
    return Verdict(
        verdict_id=verdict_id(answer.answer_id, settings),
        answer_id=answer.answer_id,
        question_id=question.question_id,
        chunk_id=question.chunk_id,
        judge=judge_of(settings).model,
        question=found.question,
        is_reworded=is_reworded,
        scores=_scores(verdict),
        request_id=found.request_id,
    )


def _scores(verdict: QaVerdict) -> dict[str, float]:
    return {"supported": supported_share(verdict), "useful": float(verdict.useful)}


def _find_passage_fault(verdict: QaVerdict, passages: Passages) -> Fault | None:
    """Of a question that needs two passages: whether all claims of its answer stand in one.

    A single claim may be drawn from both, though the judge names one sentence for it.
    """
    supported = [claim.sentence for claim in verdict.claims if claim.sentence]
    if passages.second is None or len(supported) < 2:
        return None
    is_of_both = number_sentences(*passages.in_order).are_of_every_chunk(supported)
    return None if is_of_both else Fault("judged_one_passage")


def _reject(answer: Answer, text: str, fault: Fault) -> Rejection:
    return Rejection.of(answer.answer_id, stage=STAGE, text=text, **fault._asdict())


_JUDGING = ItemWork(items=_list_chunks, needs=_open_sources, work=_judge)


async def _judge_rows(context: StageContext[None]) -> StagePass:
    """Verdicts of another judge are left to the journal."""
    settings = context.settings
    require_judge(settings, "judge.of_rows")
    first = next(read_records(context.folder.results_path(STAGE), Verdict), None)
    if first is not None and first.judge != judge_of(settings).model:
        reset_stages(context.folder, (VERDICTS,))
    return await run_items(VERDICTS, _JUDGING, context)


def require_judge(settings: RunSettings, key: str) -> None:
    """Refuse a judge that is too small for it, for the setting `key`.

    Raises:
        ConfigError: no judge is named, and the teacher is a small model.
    """
    if settings.teacher.prompt_profile == "small" and not settings.judge.model:
        raise ConfigError(
            f"{key}: found no judge.model, and the teacher is too small to judge: name a model "
            "and where it is with --set judge.model=MODEL --set judge.base_url=ADDRESS, or do "
            f"without with --set {key}=0"
        )


VERDICTS: Stage[None] = Stage(
    name=STAGE,
    label="judged good",
    result=Verdict,
    reads=(CHUNKS.name, KEPT_QUESTIONS.name, ANSWERS.name),
    work=_judge_rows,
    prompts={name: PROMPTS for name in PROFILES},
    purposes=(PURPOSE,),
    count_items=_count_chunks,
    is_wanted=lambda settings: settings.judge.of_rows,
)
