"""Has the teacher answer the questions of a file: those of the run, and others from elsewhere."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import orjson

from engine.ask import Ask
from engine.errors import ConfigError, Deferred
from engine.files.lock import WriterLock
from engine.files.records import RecordLog, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stage import StageFiles, StagePass
from engine.stopping import Stopping, stop_on_signals
from jobs.dataset.ask_teacher import ANSWERS
from jobs.dataset.profiles import PROFILES
from jobs.dataset.questions.keep_questions import KEPT_QUESTIONS
from jobs.dataset.rows.chat_rows import chat_row, excerpt_of, join_excerpts
from jobs.dataset.rows.export_dataset import EXPORT
from jobs.dataset.stages import DATASET
from jobs.documents.chunk_documents import CHUNKS
from jobs.documents.passages import passages_of
from jobs.evaluation.questions.retrieve_context import retrieve_chunks
from jobs.finetune.check_rows import LIKE_HELD_OUT
from jobs.run.lanes import LaneOrder
from jobs.run.open_stages import open_stages
from jobs.run.reset import reset_stages
from jobs.run.run_stages import StagesEnd, run_stages
from jobs.run.stages import Items, ItemWork, Stage, StageContext, Stages
from jobs.run.start import RunOrder
from jobs.text.repeats.near_duplicates import NearDuplicates
from jobs.text.untrusted_text import make_line
from schemas.dataset import Answer, Question, Rejection
from schemas.documents import Chunk
from schemas.record import content_id
from schemas.settings import RunSettings

STAGE = "imported_answers"  # answers to questions that the run does not know
HELD_OUT_TEXT = "held_out_text"  # the reason: what answers it may not be trained on


class QuestionOrder(NamedTuple):
    """The questions to be answered, the run's own and others, and the file that the rows go to."""

    wanted: Sequence[Question]
    out_path: Path


class FileEnd(NamedTuple):
    """The result of answering a file. `unanswered`: dropped by the filters, or not done yet."""

    rows: int
    unanswered: int
    end: StagesEnd


async def answer_question_file(
    order: RunOrder, questions: Sequence[str], out_path: Path
) -> FileEnd:
    """Write a chat row for each question that has an answer, in the order of the questions.

    The run must be complete: its own questions have their answers there. For any other the best
    chunk is looked up, and the teacher is asked as it is for its own. The same call again buys
    nothing: all is done anew from the journal, under the settings of the run.

    Raises:
        ConfigError: a question is held out for the evaluation, if in other words, or nothing can
            be looked up.
        EngineError: any error that ends it early; everything bought until then is kept.
    """
    stopping = Stopping()
    with (
        WriterLock(order.folder.lock_path),
        stop_on_signals(stopping, grace_s=order.settings.limits.grace_s),
    ):
        known = await asyncio.to_thread(_known_questions, order.folder, questions)
        reset_stages(order.folder, IMPORTED)
        job, order = QuestionOrder((), out_path), order._replace(lane=LaneOrder())  # live
        async with open_stages(
            IMPORTED, job, order, order.others, stopping, known=DATASET
        ) as opened:
            context = opened.context
            try:
                wanted = await _find_questions(order, questions, known, context.ask)
            except Deferred:  # chunks are being embedded in a batch
                waiting = StagePass(deferred_count=len(questions))
                return FileEnd(0, len(questions), StagesEnd(STAGE, waiting, is_done=False))
            end = await run_stages(IMPORTED, replace(context, order=job._replace(wanted=wanted)))
    count = end.passed.finished_count if end.is_done else 0
    return FileEnd(count, len(wanted) - count, end)


async def _find_questions(
    order: RunOrder, texts: Sequence[str], known: Mapping[str, Question], ask: Ask
) -> list[Question]:
    foreign = [text for text in texts if text not in known]
    evaluation = order.settings.evaluation.model_copy(update={"retrieved_chunks": 1})
    settings = order.settings.model_copy(update={"evaluation": evaluation})
    chunks_path = order.folder.results_path(CHUNKS.name)
    ranking = await retrieve_chunks(foreign, chunks_path, settings, ask)
    async with RecordLog(chunks_path, Chunk) as chunks:
        imported = {
            text: _imported_question(text, chunks.require(best))
            for text, (best,) in zip(foreign, ranking, strict=True)
        }
    return [known.get(text) or imported[text] for text in texts]


def _known_questions(folder: RunFolder, texts: Sequence[str]) -> dict[str, Question]:
    """Those of the run's own questions that are trained on."""
    wanted, known = frozenset(texts), {}
    held_out = NearDuplicates(LIKE_HELD_OUT)
    for question in read_records(folder.results_path(KEPT_QUESTIONS.name), Question):
        text = make_line(question.text)
        if question.side == "held_out":
            held_out.remember(question.question_id, text)
        elif text in wanted:
            known[text] = question
    for text in texts:
        match = held_out.find(text)
        if match is not None:
            raise ConfigError(
                f"the question {text!r} is held out for the evaluation (question {match.item_id}, "
                f"similarity {match.similarity:.2f}): take it out of the file"
            )
    return known


def _imported_question(text: str, chunk: Chunk) -> Question:
    return Question(
        question_id=content_id("imported", text, chunk.chunk_id),
        chunk_id=chunk.chunk_id,
        document_id=chunk.document_id,
        side=chunk.side,
        kind="factual",
        text=text,
        evidence=(),
        scores={},
        request_id="",
    )


class _Needs(NamedTuple):
    chunks: RecordLog[Chunk]
    settings: RunSettings


def _list_imported(context: StageContext[QuestionOrder], _: StageFiles[Answer]) -> Items[Question]:
    """Those of the wanted questions that are not the run's own, which have their answers."""
    imported = [question for question in context.order.wanted if not question.request_id]
    return Items(imported, len(imported), 0)


@asynccontextmanager
async def _open_chunks(
    context: StageContext[QuestionOrder], _: StageFiles[Answer]
) -> AsyncIterator[_Needs]:
    async with RecordLog(context.folder.results_path(CHUNKS.name), Chunk) as chunks:
        yield _Needs(chunks, context.settings)


async def _answer(question: Question, ask: Ask, needs: _Needs) -> list[Answer | Rejection]:
    passages = passages_of(question, needs.chunks.require)
    if question.side == "held_out":
        rejection = _reject(question, HELD_OUT_TEXT)
        return [rejection.of_chunk(passages.chunk, passages.second_id)]
    profile = PROFILES[needs.settings.teacher.prompt_profile]
    answer = await profile.write_answer(question, passages, ask, needs.settings)
    if isinstance(answer, Rejection):
        return [_of_this_stage(answer).of_chunk(passages.chunk, passages.second_id)]
    return [answer]


def _reject(question: Question, reason: str) -> Rejection:
    return Rejection.of(question.question_id, stage=STAGE, reason=reason, text=question.text)


def _of_this_stage(rejection: Rejection) -> Rejection:
    """The same rejection under this stage's name, so that a reset of this stage removes it."""
    named = Rejection.of(rejection.item_id, stage=STAGE, reason=rejection.reason)
    update = {"rejection_id": named.rejection_id, "stage": STAGE}
    return rejection.model_copy(update=update)


IMPORTED_ANSWERS: Stage[QuestionOrder] = Stage(
    name=STAGE,
    label="imported answers",
    result=Answer,
    reads=(CHUNKS.name, KEPT_QUESTIONS.name),
    work=ItemWork(items=_list_imported, needs=_open_chunks, work=_answer),
    prompts=ANSWERS.prompts,
    purposes=ANSWERS.purposes,
)


async def _write_rows(context: StageContext[QuestionOrder]) -> StagePass:
    folder, wanted = context.folder, context.order.wanted
    dataset = context.settings.dataset
    answers = _read_answers(folder, wanted)
    async with RecordLog(folder.results_path(CHUNKS.name), Chunk) as chunks:

        def rows() -> Iterator[bytes]:
            for question in wanted:
                text = answers.get(question.question_id)
                if text is not None:
                    passages = passages_of(question, chunks.require)
                    excerpt = join_excerpts([excerpt_of(each) for each in passages.in_order])
                    shown = None if dataset.closed_book else excerpt
                    row = chat_row(question.text, text, shown, dataset)
                    yield orjson.dumps(row)

        count = await asyncio.to_thread(replace_file, context.order.out_path, rows())
    return StagePass(finished_count=count)


def _read_answers(folder: RunFolder, wanted: Sequence[Question]) -> dict[str, str]:
    ids = frozenset(question.question_id for question in wanted)
    return {
        answer.question_id: answer.text
        for stage in (ANSWERS.name, IMPORTED_ANSWERS.name)
        for answer in read_records(folder.results_path(stage), Answer)
        if answer.question_id in ids
    }


IMPORTED_ROWS: Stage[QuestionOrder] = Stage(
    name="imported_rows",
    label="imported rows",
    result=None,
    reads=(CHUNKS.name, ANSWERS.name, IMPORTED_ANSWERS.name),
    work=_write_rows,
    prompts=EXPORT.prompts,
    is_written_anew=True,
)

IMPORTED: Stages[QuestionOrder] = (IMPORTED_ANSWERS, IMPORTED_ROWS)
