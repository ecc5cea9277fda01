"""Has the teacher answer the questions of a file: those of the run, and others from elsewhere."""

from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import orjson

from engine.ask import Ask
from engine.errors import ConfigError
from engine.files import replace_file
from engine.progress import StageProgress
from engine.records import RecordLog, read_records
from engine.run_folder import RunFolder, WriterLock
from engine.stage import StageFiles, StagePass, run_stage
from engine.stopping import Stopping, stop_on_signals
from jobs.dataset.chat_rows import chat_row
from jobs.dataset.profiles import PROFILES
from jobs.dataset.untrusted_text import make_line
from jobs.open_engine import OpenEngine, open_engine
from jobs.start_run import RunOrder
from jobs.student.retrieve_context import retrieve_chunks
from schemas.dataset import Answer, Question, Rejection
from schemas.documents import Chunk
from schemas.record import content_id

STAGE = "imported_answers"  # answers to questions that the run does not know
CANDIDATES = 10  # chunks looked at for one that may be trained on


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
    nothing.

    Raises:
        ConfigError: a question is held out for the evaluation, or nothing can be looked up.
        EngineError: whatever ends it early; everything bought until then is kept.
    """
    stopping = Stopping()
    with (
        WriterLock(order.folder.lock_path),
        stop_on_signals(stopping, grace_s=order.settings.limits.grace_s),
    ):
        async with open_engine(order.folder, order.settings, order.endpoints, stopping) as engine:
            wanted = await _find_questions(order, questions, engine.ask)
            passed = await _answer_imported(order, wanted, engine, stopping)
    async with AsyncExitStack() as opened:
        rows = await _open_rows(order, opened)
        count = replace_file(out_path, rows.read(wanted))
    return FileEnd(count, len(wanted) - count, passed)


async def _find_questions(order: RunOrder, texts: Sequence[str], ask: Ask) -> list[Question]:
    known = _known_questions(order.folder, frozenset(texts))
    foreign = [text for text in texts if text not in known]
    settings = order.settings.evaluation.model_copy(update={"retrieved_chunks": CANDIDATES})
    chunks_path = order.folder.results_path("chunks")
    ranking = await retrieve_chunks(foreign, chunks_path, settings, ask)
    async with RecordLog(chunks_path, Chunk) as chunks:
        imported = {
            text: _imported_question(text, [chunks.require(chunk_id) for chunk_id in ids])
            for text, ids in zip(foreign, ranking, strict=True)
        }
    return [known.get(text) or imported[text] for text in texts]


def _known_questions(folder: RunFolder, texts: frozenset[str]) -> dict[str, Question]:
    known = {}
    for question in read_records(folder.results_path("kept_questions"), Question):
        text = make_line(question.text)
        if text not in texts:
            continue
        if question.side == "held_out":
            raise ConfigError(
                f"the question {text!r} is held out for the evaluation: take it out of the file"
            )
        known[text] = question
    return known


def _imported_question(text: str, chunks: Sequence[Chunk]) -> Question:
    chunk = next((chunk for chunk in chunks if chunk.side == "train"), None)
    if chunk is None:
        raise ConfigError(
            f"the question {text!r} is about text that is held out: take it out of the file"
        )
    return Question(
        question_id=content_id("imported", text, chunk.chunk_id),
        chunk_id=chunk.chunk_id,
        document_id=chunk.document_id,
        side="train",
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
        chunk = chunks.require(question.chunk_id)
        return [await profile.write_answer(question, chunk, ask, order.settings)]

    async with chunks, StageFiles(order.folder, STAGE, Answer) as files:
        unfinished = [q for q in imported if files.is_unfinished(q.question_id)]
        done = len(imported) - len(unfinished)
        with StageProgress(
            STAGE, total=len(imported), done=done, details=engine.details
        ) as progress:
            return await run_stage(
                unfinished,
                write,
                ask=engine.ask,
                files=files,
                window=order.settings.limits.max_in_flight,
                stopping=stopping,
                progress=progress,
            )


class _Rows(NamedTuple):
    """Where the pieces of a row are looked up."""

    answers: dict[str, Answer]
    chunks: RecordLog[Chunk]
    closed_book: bool

    def read(self, questions: Sequence[Question]) -> Iterator[bytes]:
        for question in questions:
            answer = self.answers.get(question.question_id)
            if answer is not None:
                chunk = self.chunks.require(answer.chunk_id)
                row = chat_row(question.text, answer.text, chunk, closed_book=self.closed_book)
                yield orjson.dumps(row)


async def _open_rows(order: RunOrder, opened: AsyncExitStack) -> _Rows:
    folder = order.folder
    paths = (folder.results_path("answers"), folder.results_path(STAGE))
    answers = {a.question_id: a for path in paths for a in read_records(path, Answer)}
    chunks = await opened.enter_async_context(RecordLog(folder.results_path("chunks"), Chunk))
    return _Rows(answers, chunks, order.settings.dataset.closed_book)
