"""The stage that drops questions which repeat another, on the same side and across sides."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from engine.ask import Ask
from engine.files.records import RecordLog, read_ids, read_records, read_records_by_id
from engine.stage import StageFiles
from jobs.dataset.write_questions import STAGE as QUESTIONS_NAME
from jobs.run.stages import Items, ItemWork, Stage, StageContext, file_window
from jobs.text.near_duplicates import NearDuplicates
from schemas.dataset import Question, Rejection

STAGE = "kept_questions"


class _Needs(NamedTuple):
    kept: RecordLog[Question]
    seen: NearDuplicates
    max_near_duplicate: float


def _list_questions(context: StageContext[None], files: StageFiles[Question]) -> Items[Question]:
    """In the order of their ids: what is kept does not depend on the order of replies."""
    path = context.folder.results_path(QUESTIONS_NAME)
    questions = read_records_by_id(path, Question, is_wanted=files.is_unfinished)
    total = sum(1 for _ in read_ids(path, Question))
    return Items(questions, total, len(files.finished))


@asynccontextmanager
async def _remember_kept(
    context: StageContext[None], files: StageFiles[Question]
) -> AsyncIterator[_Needs]:
    """What was kept before documents joined stays kept."""
    max_near_duplicate = context.settings.questions.max_near_duplicate
    seen = NearDuplicates(max_near_duplicate)
    for kept in read_records(files.results.path, Question):
        seen.remember(kept.question_id, kept.text)
    yield _Needs(files.results, seen, max_near_duplicate)


async def _keep(question: Question, _: Ask, needs: _Needs) -> list[Question | Rejection]:
    """1 question in, the same question or a rejection as a near duplicate out."""
    if question.question_id in needs.kept:  # kept before a crash, but not yet finished
        return [question]
    match = needs.seen.add(question.question_id, question.text)
    if match is None:
        return [question]
    return [
        Rejection.of(
            question.question_id,
            stage=STAGE,
            reason="near_duplicate",
            score=match.similarity,
            threshold=needs.max_near_duplicate,
            detail=f"of question {match.item_id}",
            text=question.text,
        )
    ]


KEPT_QUESTIONS: Stage[None] = Stage(
    name=STAGE,
    label="not repeated",
    result=Question,
    reads=(QUESTIONS_NAME,),
    work=ItemWork(items=_list_questions, needs=_remember_kept, work=_keep, window=file_window),
)
