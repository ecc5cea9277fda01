"""What stands beside a row's answer as the worse one, by what the run holds."""

from pathlib import Path
from typing import Any

import pytest

from engine.files.journal import Journal
from engine.files.records import encode_record, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stopping import Stopping
from jobs.dataset.rows.apply_reviews import RowText, row_hash
from jobs.dataset.rows.export_dataset import export_dataset
from schemas.dataset import MAX_EXCERPT_CHARS, Answer, Provenance, Rejection
from schemas.evaluation import ModelAnswer, Role, Sample, Slice
from schemas.record import Record, Span
from schemas.reviews import Review
from tests.unit.jobs.dataset.judge.judged_run import make_answered_run
from tests.unit.jobs.evaluation.made_run import MODEL_ANSWER, make_settings
from tests.unit.jobs.exporting.test_export_rows import lines_of

SETTINGS = make_settings("dataset.unanswerable_fraction=0")
QUESTION = "What is known of the anvil?"
KEPT = f"All of it, for {QUESTION}"
WORSE = "It may be heavy, and somebody has put it somewhere."


@pytest.fixture
async def folder(tmp_path: Path) -> RunFolder:
    """Nine answered rows, of which nothing else is known."""
    return make_answered_run(tmp_path / "run", SETTINGS)


def anvil(folder: RunFolder) -> Answer:
    answers = read_records(folder.results_path("answers"), Answer)
    return next(each for each in answers if each.text == KEPT)


def append(path: Path, *records: Record) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_bytes().splitlines() if path.exists() else []
    replace_file(path, [*before, *map(encode_record, records)])


async def pairs(folder: RunFolder) -> list[tuple[str, str, str]]:
    """Question, chosen and rejected answer of each pair."""
    async with Journal(folder.journal_path) as journal:
        await export_dataset(folder, SETTINGS, journal, Stopping())
    lines: list[dict[str, Any]] = await lines_of(folder, "preference")
    return [
        (
            line["prompt"][1]["content"].rpartition("Question: ")[2],
            line["chosen"][0]["content"],
            line["rejected"][0]["content"],
        )
        for line in lines
    ]


def dropped(folder: RunFolder, text: str, *, evidence: bool = True) -> Rejection:
    """What filters drop for the question about the anvil."""
    rejection = Rejection.of(
        anvil(folder).question_id, stage="answers", reason="low_evidence_overlap", text=text
    )
    spans = (Span(start_char=1000, end_char=1010),) if evidence else ()
    return rejection.with_draft("factual", spans)


def evaluated(question: str, text: str, part: Slice, role: Role) -> tuple[Sample, ModelAnswer]:
    sample = Sample(sample_id=f"s-{text[:9]}", slice=part, question=question, context="a text")
    answer = MODEL_ANSWER.model_copy(
        update={
            "answer_id": f"a-{text[:9]}",
            "sample_id": sample.sample_id,
            "role": role,
            "text": text,
            "cost_usd": 0.0,
        }
    )
    return sample, answer


async def test_run_without_a_worse_answer_has_no_pair(folder: RunFolder) -> None:
    assert await pairs(folder) == []


async def test_answer_that_filters_dropped_is_rejected_if_all_of_it_is_there(
    folder: RunFolder,
) -> None:
    long = WORSE * 9
    append(
        folder.rejected_path,
        dropped(folder, WORSE),
        dropped(folder, long).model_copy(update={"rejection_id": "cut"}),
        dropped(folder, "No answer came.", evidence=False).model_copy(
            update={"rejection_id": "none"}
        ),
    )

    assert len(long) > MAX_EXCERPT_CHARS
    assert await pairs(folder) == [(QUESTION, KEPT, WORSE)]


async def test_answer_that_the_judge_dropped_is_rejected_whole(folder: RunFolder) -> None:
    long, kept = WORSE * 9, anvil(folder)
    other = kept.model_copy(update={"answer_id": "f" * 32, "text": long})
    append(folder.results_path("answers"), other)
    rejection = Rejection.of(other.answer_id, stage="verdicts", reason="judged_unsupported")
    append(folder.rejected_path, rejection.with_draft("factual", other.evidence))

    assert (QUESTION, KEPT, long) in await pairs(folder)


async def test_answer_of_the_baseline_to_a_question_of_a_file_is_rejected(
    folder: RunFolder,
) -> None:
    given = [
        evaluated(QUESTION, WORSE, "imported", "baseline"),
        evaluated(QUESTION, "The tuned one has said this.", "imported", "tuned"),
        evaluated(QUESTION, "Held out, so never exported.", "held_out_document", "baseline"),
        evaluated("What is new?", "New, so never exported.", "new_question", "baseline"),
    ]
    append(folder.results_path("evaluation/samples"), *(sample for sample, _ in given))
    append(folder.results_path("evaluation/answers"), *(answer for _, answer in given))

    assert await pairs(folder) == [(QUESTION, KEPT, WORSE)]


async def test_answer_in_nearly_the_same_words_is_no_worse_one(folder: RunFolder) -> None:
    append(folder.rejected_path, dropped(folder, KEPT.upper()))

    assert await pairs(folder) == []


async def test_what_stood_there_before_a_review_is_rejected(folder: RunFolder) -> None:
    kept = anvil(folder)
    edited = "The anvil weighs 120 kilograms, and it stands on an elm stump."
    review = Review(
        review_id="1",
        row_hash=row_hash(RowText(QUESTION, KEPT)),
        answer_id=kept.answer_id,
        document_id=kept.document_id,
        decision="edit",
        question=QUESTION,
        answer=edited,
        comment="",
        reviewer="r",
        at="2026-01-01T00:00:00+00:00",
    )
    append(folder.run_dir / "reviews.jsonl", review)

    assert await pairs(folder) == [(QUESTION, edited, KEPT)]
    rows = list(read_records(folder.dataset_dir / "provenance.jsonl", Provenance))
    assert [row.review for row in rows].count("edit") == 1
