"""Has the teacher answer the questions of a file: those of the run, and others from elsewhere."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import orjson

from engine.ask import Ask
from engine.errors import ConfigError, Deferred
from engine.files.lock import WriterLock
from engine.files.records import RecordLog, read_records
from engine.files.replace import replace_file
from engine.progress import StageProgress
from engine.run_folder import RunFolder
from engine.stage import StageFiles, StagePass, run_stage
from engine.stopping import Stopping, stop_on_signals
from jobs.dataset.chat_rows import chat_row
from jobs.dataset.profiles import PROFILES
from jobs.evaluation.retrieve_context import retrieve_chunks
from jobs.finetune.check_rows import LIKE_HELD_OUT
from jobs.run.changes import reset_stages
from jobs.run.open_engine import OpenEngine, open_engine
from jobs.run.start import RunOrder
from jobs.text.near_duplicates import NearDuplicates
from jobs.text.untrusted_text import make_line
from schemas.dataset import Answer, Question, Rejection
from schemas.documents import Chunk
from schemas.record import content_id

STAGE = "imported_answers"  # answers to questions that the run does not know
HELD_OUT_TEXT = "held_out_text"  # the reason: what answers it may not be trained on


class FileEnd(NamedTuple):
    """What became of a file of questions. `unanswered`: dropped by the filters, or left over."""

    rows: int
    unanswered: int
    passed: StagePass


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
        EngineError: whatever ends it early; everything bought until then is kept.
    """
    stopping = Stopping()
    with (
        WriterLock(order.folder.lock_path),
        stop_on_signals(stopping, grace_s=order.settings.limits.grace_s),
    ):
        known = await asyncio.to_thread(_known_questions, order.folder, questions)
        reset_stages(order.folder, [STAGE])
        async with open_engine(order.folder, order.settings, order.endpoints, stopping) as engine:
            try:
                wanted = await _find_questions(order, questions, known, engine.ask)
            except Deferred:  # chunks are being embedded in a batch
                return FileEnd(0, len(questions), StagePass(deferred_count=len(questions)))
            passed = await _answer_imported(order, wanted, engine, stopping)
        count = await _write_rows(order, wanted, out_path) if passed.is_complete else 0
    return FileEnd(count, len(wanted) - count, passed)


async def _find_questions(
    order: RunOrder, texts: Sequence[str], known: Mapping[str, Question], ask: Ask
) -> list[Question]:
    foreign = [text for text in texts if text not in known]
    settings = order.settings.evaluation.model_copy(update={"retrieved_chunks": 1})
    chunks_path = order.folder.results_path("chunks")
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
    for question in read_records(folder.results_path("kept_questions"), Question):
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


async def _answer_imported(
    order: RunOrder, wanted: Sequence[Question], engine: OpenEngine, stopping: Stopping
) -> StagePass:
    profile = PROFILES[order.settings.teacher.prompt_profile]
    imported = [question for question in wanted if not question.request_id]
    chunks = RecordLog(order.folder.results_path("chunks"), Chunk)

    async def write(question: Question, ask: Ask) -> list[Answer | Rejection]:
        if question.side == "held_out":
            return [_reject(question, HELD_OUT_TEXT)]
        chunk = chunks.require(question.chunk_id)
        answer = await profile.write_answer(question, chunk, ask, order.settings)
        return [answer if isinstance(answer, Answer) else _of_this_stage(answer)]

    async with chunks, StageFiles(order.folder, STAGE, Answer) as files:
        with StageProgress(STAGE, total=len(imported), done=0, details=engine.details) as progress:
            return await run_stage(
                imported,
                write,
                ask=engine.ask,
                files=files,
                window=order.settings.limits.max_in_flight,
                stopping=stopping,
                progress=progress,
            )


def _reject(question: Question, reason: str) -> Rejection:
    return Rejection.of(question.question_id, stage=STAGE, reason=reason, text=question.text)


def _of_this_stage(rejection: Rejection) -> Rejection:
    """The same, so that it leaves with this stage and not with the run's own answers."""
    return Rejection.of(
        rejection.item_id,
        stage=STAGE,
        reason=rejection.reason,
        score=rejection.score,
        threshold=rejection.threshold,
        detail=rejection.detail,
        text=rejection.text,
    )


async def _write_rows(order: RunOrder, wanted: Sequence[Question], out_path: Path) -> int:
    folder, closed_book = order.folder, order.settings.dataset.closed_book
    ids = frozenset(question.question_id for question in wanted)
    answers = {
        answer.question_id: answer.text
        for path in (folder.results_path("answers"), folder.results_path(STAGE))
        for answer in read_records(path, Answer)
        if answer.question_id in ids
    }
    async with RecordLog(folder.results_path("chunks"), Chunk) as chunks:

        def rows() -> Iterator[bytes]:
            for question in wanted:
                text = answers.get(question.question_id)
                if text is not None:
                    chunk = chunks.require(question.chunk_id)
                    row = chat_row(question.text, text, chunk, closed_book=closed_book)
                    yield orjson.dumps(row)

        return await asyncio.to_thread(replace_file, out_path, rows())
