"""Held-out questions with a reference are rows by which is told what a student has learnt."""

from pathlib import Path

import orjson

from engine.files.records import encode_record
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from jobs.dataset.rows.chat_rows import read_row
from jobs.dataset.rows.held_out_rows import MOST_ROWS, held_out_rows
from schemas.settings import RunSettings
from tests.unit.jobs.finetune.rows import held_out


def make_run(run_dir: Path, *, with_reference: int, without: int) -> RunFolder:
    folder = RunFolder(run_dir)
    folder.create()
    references = ["It is that."] * with_reference + [""] * without
    questions = [
        held_out(f"What is number {number}?", reference).model_copy(
            update={"question_id": f"{number:032x}"}
        )
        for number, reference in enumerate(references)
    ]
    replace_file(folder.dataset_dir / "held_out.jsonl", map(encode_record, questions))
    return folder


def test_questions_with_a_reference_are_shown_with_their_text(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", with_reference=1, without=2)

    (row,) = held_out_rows(folder, RunSettings())

    assert read_row(row) == ("What is number 0?", "It is that.")
    assert "Excerpt from a.md:\n\nIt is that." in orjson.loads(row)["messages"][1]["content"]


def test_a_student_without_excerpts_is_asked_without_them(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", with_reference=1, without=0)
    settings = RunSettings.model_validate({"dataset": {"closed_book": True}})

    (row,) = held_out_rows(folder, settings)

    assert orjson.loads(row)["messages"][1]["content"] == "What is number 0?"


def test_of_many_the_same_few_are_drawn(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", with_reference=MOST_ROWS + 20, without=0)

    rows = held_out_rows(folder, RunSettings())

    assert len(set(rows)) == MOST_ROWS
    assert rows == held_out_rows(folder, RunSettings())
