"""Which of several questions that say the same is kept, whatever the way to them."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.files.journal import Journal
from engine.files.records import encode_record, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.testing import FakeAsk
from jobs.dataset.questions.keep_questions import KEPT_QUESTIONS
from jobs.dataset.questions.sift_drafts import STAGE as QUESTIONS_NAME
from jobs.run.run_stages import run_stages
from schemas.dataset import Question, Rejection
from tests.unit.jobs.evaluation.made_run import make_settings
from tests.unit.jobs.run.contexts import make_context

SAME = "How warm must the kiln be before porcelain goes in?"
OTHER = "Why does the saw have five teeth an inch?"


def question(chunk: int, number: int, text: str) -> Question:
    return Question(
        question_id=f"{number:0<32x}",
        chunk_id=f"{chunk:0<32x}",
        document_id="d",
        side="train",
        kind="factual",
        text=text,
        evidence=(),
        scores={},
        request_id="r",
    )


FIRST = question(1, 9, SAME)  # its chunk sorts first, its own id last
SECOND = question(2, 5, SAME)
THIRD = question(3, 1, SAME)
APART = question(4, 3, OTHER)


async def keep(folder: RunFolder, written: Sequence[Question]) -> set[str]:
    """The ids of the questions that are kept once these have been written."""
    replace_file(folder.results_path(QUESTIONS_NAME), map(encode_record, written))
    async with Journal(folder.journal_path) as journal:
        context = make_context(folder, make_settings(), FakeAsk(), journal)
        end = await run_stages((KEPT_QUESTIONS,), context)
    assert end.is_done
    kept = read_records(folder.results_path(KEPT_QUESTIONS.name), Question)
    return {each.question_id for each in kept}


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path)
    folder.create()
    return folder


@pytest.mark.parametrize(
    "ways",
    [
        [[FIRST, SECOND, THIRD, APART]],
        [[APART, THIRD, SECOND, FIRST]],
        [[FIRST], [FIRST, SECOND, THIRD, APART]],
        [[THIRD], [THIRD, SECOND, APART], [APART, THIRD, SECOND, FIRST]],
    ],
)
async def test_what_is_kept_does_not_depend_on_the_way_there(
    folder: RunFolder, ways: list[list[Question]]
) -> None:
    for written in ways:
        kept = await keep(folder, written)

    assert kept == {FIRST.question_id, APART.question_id}
    rejected = list(read_records(folder.rejected_path, Rejection))
    assert {(each.item_id, each.detail) for each in rejected} == {
        (SECOND.question_id, f"of question {FIRST.question_id}"),
        (THIRD.question_id, f"of question {FIRST.question_id}"),
    }


async def test_sample_keeps_what_the_whole_keeps(folder: RunFolder) -> None:
    sample = await keep(folder, [SECOND, FIRST])
    before = folder.results_path(KEPT_QUESTIONS.name).read_bytes()

    await keep(folder, [SECOND, FIRST, THIRD, APART])

    assert sample == {FIRST.question_id}
    assert folder.results_path(KEPT_QUESTIONS.name).read_bytes().startswith(before)


async def test_questions_in_nearly_the_same_words_about_other_things_are_both_kept(
    folder: RunFolder,
) -> None:
    asked = "What is the default of the option {} in the configuration of the server?"
    low = question(1, 1, asked.format("min_connections"))
    high = question(2, 2, asked.format("max_connections"))
    again = question(3, 3, asked.format("max_connections").replace("configuration", "config"))

    kept = await keep(folder, [low, high, again])

    assert kept == {low.question_id, high.question_id}
    (rejected,) = read_records(folder.rejected_path, Rejection)
    assert rejected.detail == f"of question {high.question_id}"
