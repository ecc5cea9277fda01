"""Which rows are left out because their long answer repeats an earlier one."""

import random
from collections.abc import Mapping
from pathlib import Path

import orjson
import pytest

from engine.files.journal import Journal
from engine.files.records import encode_record, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stopping import Stopping
from jobs.dataset.coverage import write_coverage
from jobs.dataset.rows.apply_reviews import RowText, reviews_path, row_hash
from jobs.dataset.rows.export_dataset import export_dataset
from jobs.text.repeats.near_duplicates import is_long
from schemas.dataset import Answer, ChunkCoverage, Question, Rejection
from schemas.reviews import Review
from schemas.settings import RunSettings
from tests.rows import each_row
from tests.unit.jobs.dataset.judge.judged_run import make_answered_run
from tests.unit.jobs.evaluation.made_run import make_settings

LONG = (
    "Before the workshop closes in the evening the last person switches off both lathes, empties "
    "the bins of shavings into the steel drum outside, checks that the kiln is below 80 degrees, "
    "and hangs the key of the store on the hook beside the door."
)
NEARLY = LONG.replace("switches off", "turns off").replace("Before", "When")
OTHER_NUMBER = LONG.replace("80 degrees", "60 degrees")


def give_answers(folder: RunFolder, texts: Mapping[int, str]) -> list[str]:
    """Give the answers of so many chunks, in their order, these texts; the ids of all."""
    path = folder.results_path("answers")
    answers = sorted(read_records(path, Answer), key=lambda each: each.chunk_id)
    given = [
        each.model_copy(update={"text": texts.get(number, each.text)})
        for number, each in enumerate(answers)
    ]
    replace_file(path, map(encode_record, random.Random(3).sample(given, len(given))))
    return [each.answer_id for each in given]


async def export(folder: RunFolder, settings: RunSettings) -> set[str]:
    """Write the dataset; the answers of its rows."""
    async with Journal(folder.journal_path) as journal:
        await export_dataset(folder, settings, journal, Stopping())
    await write_coverage(folder, Stopping())
    lines = [
        line
        for name in ("train.jsonl", "validation.jsonl")
        for line in (folder.dataset_dir / name).read_text().splitlines()
    ]
    return {orjson.loads(line)["messages"][-1]["content"] for line in lines}


def left_out(folder: RunFolder) -> list[Rejection]:
    return [
        each
        for each in read_records(folder.rejected_path, Rejection)
        if each.reason == "near_duplicate_answer"
    ]


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return make_answered_run(tmp_path / "run", make_settings())


async def test_of_long_answers_that_say_the_same_the_first_in_order_of_chunks_stays(
    folder: RunFolder,
) -> None:
    ids = give_answers(folder, {1: LONG, 4: NEARLY, 6: LONG})

    rows = await export(folder, make_settings())

    assert LONG in rows
    assert NEARLY not in rows
    assert len(rows) == 7
    dropped = {each.item_id: each for each in left_out(folder)}
    assert dropped.keys() == {ids[4], ids[6]}
    assert {each.detail for each in dropped.values()} == {f"of answer {ids[1]}"}
    assert dropped[ids[6]].score == 1.0
    assert dropped[ids[6]].threshold == 0.8
    assert dropped[ids[6]].kind is not None
    assert dropped[ids[6]].path


async def test_chunks_say_in_their_coverage_that_their_answer_repeats_another(
    folder: RunFolder,
) -> None:
    give_answers(folder, {0: LONG, 5: LONG})

    await export(folder, make_settings())

    chunks = read_records(folder.run_dir / "coverage.jsonl", ChunkCoverage)
    counts = [each.dropped.get("near_duplicate_answer", 0) for each in chunks]
    assert sum(counts) == 1


async def test_long_answers_that_differ_in_a_number_both_stay(folder: RunFolder) -> None:
    give_answers(folder, {1: LONG, 4: OTHER_NUMBER})

    rows = await export(folder, make_settings())

    assert {LONG, OTHER_NUMBER} <= rows


async def test_short_answers_may_recur(folder: RunFolder) -> None:
    give_answers(folder, dict.fromkeys(range(9), "MySQL listens on port 3306 by default."))

    await export(folder, make_settings())

    assert left_out(folder) == []


async def test_threshold_is_applied_anew_by_every_export(folder: RunFolder) -> None:
    give_answers(folder, {1: LONG, 4: NEARLY})

    before = await export(folder, make_settings())
    without = await export(folder, make_settings("dataset.max_near_duplicate_answer="))

    assert NEARLY not in before
    assert NEARLY in without
    assert left_out(folder) == []


async def test_answer_of_training_that_repeats_a_held_out_reference_is_left_out(
    folder: RunFolder,
) -> None:
    ids = give_answers(folder, {7: LONG})
    questions = read_records(folder.results_path("kept_questions"), Question)
    held_out = next(each for each in questions if each.side == "held_out")
    path = folder.results_path("answers")
    answers = list(read_records(path, Answer))
    changes = {
        "answer_id": "e" * 32,
        "question_id": held_out.question_id,
        "chunk_id": held_out.chunk_id,
        "side": "held_out",
        "text": NEARLY,
    }
    replace_file(path, map(encode_record, [*answers, answers[0].model_copy(update=changes)]))

    await export(folder, make_settings("answers.held_out=true"))

    assert [each.item_id for each in left_out(folder)] == [ids[7]]


async def test_row_that_a_reviewer_dropped_stands_in_no_ones_way(folder: RunFolder) -> None:
    ids = give_answers(folder, {1: LONG, 4: NEARLY})
    answers = {
        each.answer_id: each for each in read_records(folder.results_path("answers"), Answer)
    }
    questions = {
        each.question_id: each.text
        for each in read_records(folder.results_path("kept_questions"), Question)
    }
    first = RowText(questions[answers[ids[1]].question_id], LONG)
    review = Review(
        review_id="a" * 32,
        row_hash=row_hash(first),
        answer_id=ids[1],
        document_id="d",
        decision="drop",
        reviewer="ann",
        at="2026-01-01T00:00:00Z",
    )
    replace_file(reviews_path(folder), [encode_record(review)])

    rows = await export(folder, make_settings())

    assert NEARLY in rows
    assert LONG not in rows


@each_row(
    "text, expected",
    [
        ("Yes.", False),
        ("3306", False),
        ("A sentence of some fifteen words may rightly be the answer to two of them.", False),
        (LONG, True),
        ("工場を閉める前に最後の人が両方の旋盤を止め、", False),
        (
            "工場を閉める前に最後の人が両方の旋盤を止め、外にある鉄の樽に削り屑を空け、窯の温度が下がった"
            "ことを確かめてから、戸の脇の鉤に倉庫の鍵を掛ける。",
            True,
        ),
    ],
)
def test_length_counts_alike_in_all_scripts(text: str, expected: bool) -> None:
    assert is_long(text) is expected
