"""Where the pieces of rows are looked up: questions, chunks, verdicts, the journal."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

from engine.files.journal import Journal
from engine.files.records import RecordLog, read_records_by_id
from engine.run_folder import RunFolder
from jobs.dataset.ask_teacher import ANSWERS
from jobs.dataset.judge.judge_rows import VERDICTS, verdict_id
from jobs.dataset.questions.keep_questions import KEPT_QUESTIONS
from jobs.documents.chunk_documents import CHUNKS
from jobs.documents.passages import Passages, passages_of
from schemas.dataset import Answer, Question, Verdict
from schemas.documents import Chunk, Side
from schemas.settings import RunSettings


class RowSource(NamedTuple):
    """The question of a row, and what it was asked about."""

    question: Question
    passages: Passages


class Sources(NamedTuple):
    """The files of a run that rows are made of."""

    folder: RunFolder
    questions: RecordLog[Question]
    chunks: RecordLog[Chunk]
    journal: Journal
    verdicts: RecordLog[Verdict] | None
    settings: RunSettings

    def is_kept(self, answer: Answer) -> bool:
        """Whether the question of an answer is kept: it may repeat one that came later.

        Where rows are judged, also whether the judge let the answer pass.
        """
        return answer.question_id in self.questions and (
            self.verdicts is None or verdict_id(answer.answer_id, self.settings) in self.verdicts
        )

    def of(self, answer: Answer) -> RowSource:
        """The question of an answer as it stands in the row, and what both are about.

        Raises:
            DamagedLogError: one of them is missing.
        """
        question = self.questions.require(answer.question_id)
        if self.verdicts is not None:
            verdict = self.verdicts.require(verdict_id(answer.answer_id, self.settings))
            scores = {f"judge_{name}": score for name, score in verdict.scores.items()}
            judged = {"text": verdict.question, "scores": {**question.scores, **scores}}
            question = question.model_copy(update=judged)
        return RowSource(question, passages_of(answer, self.chunks.require))

    def kept_answers(self, side: Side, group_field: str | None = None) -> Iterator[Answer]:
        """The kept answers of one side in the order of their ids, to each question the first.

        A question has several where its chunk was asked about again, with other questions.
        `group_field`: first in the order of that field, then of their ids.
        """
        answered = set[str]()
        path = self.folder.results_path(ANSWERS.name)
        for answer in read_records_by_id(path, Answer, group_field=group_field):
            is_wanted = answer.side == side and answer.question_id not in answered
            if is_wanted and self.is_kept(answer):
                answered.add(answer.question_id)
                yield answer


@asynccontextmanager
async def open_sources(
    folder: RunFolder, settings: RunSettings, journal: Journal
) -> AsyncIterator[Sources]:
    """The sources of a run, for the length of the block.

    Raises:
        DamagedLogError: a file is damaged.
    """
    async with AsyncExitStack() as logs:
        questions = await logs.enter_async_context(
            RecordLog(folder.results_path(KEPT_QUESTIONS.name), Question)
        )
        chunks = await logs.enter_async_context(RecordLog(folder.results_path(CHUNKS.name), Chunk))
        verdicts = None
        if settings.judge.of_rows:
            path = folder.results_path(VERDICTS.name)
            verdicts = await logs.enter_async_context(RecordLog(path, Verdict))
        yield Sources(folder, questions, chunks, journal, verdicts, settings)
