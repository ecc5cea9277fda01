"""The CSV of answers: whole, readable, and never a formula."""

import csv
from pathlib import Path

from jobs.comparison.shown.responses_csv import MAX_CELL_CHARS, safe_cell, write_responses
from jobs.evaluation.read_evaluation import Evaluation
from tests.rows import each_row
from tests.unit.jobs.comparison.evaluations import answer, evaluation_of, sample, score


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@each_row(
    "text",
    ["=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "-", "=cmd|' /C calc'!A0"],
)
def test_what_a_spreadsheet_takes_for_a_formula_begins_with_an_apostrophe(text: str) -> None:
    assert safe_cell(text).startswith("'")


@each_row("text", ["", "plain", "a = b", "'quoted'", "1 - 2", "ü 🙂", "two\nlines"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert safe_cell(text) == text


def test_control_characters_are_replaced_and_line_ends_are_made_one_kind() -> None:
    assert safe_cell("a\x00b\x1b[31mc\r\nd\re") == "a\ufffdb\ufffd[31mc\nd\ne"


def test_a_text_too_long_for_a_cell_is_cut_and_says_so() -> None:
    cell = safe_cell("=" + "x" * 50_000)

    assert len(cell) == MAX_CELL_CHARS
    assert cell.endswith("holds no more]")


def test_one_row_a_question_with_the_answers_of_all(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"

    count = write_responses(path, evaluation_of({"baseline": [0.1, None], "teacher": [0.9, 0.8]}))

    found = rows(path)
    assert (count, len(found)) == (2, 2)
    assert found[0]["question"] == "Question 0?"
    assert found[0]["document"] == "0.md"
    assert found[0]["baseline_open_faithfulness"] == "0.1"
    assert found[1]["baseline_open_faithfulness"] == ""
    assert "could not be read" in found[1]["baseline_open_problem"]
    assert found[1]["teacher_open_answer"] == "The teacher answers Question 1?"
    assert found[1]["teacher_open_characters"] == "31"
    assert found[1]["teacher_open_is_refusal"] == "no"


def test_newlines_and_quotes_survive_and_a_score_below_0_stays_a_number(tmp_path: Path) -> None:
    of = sample(0)
    text = 'He said "no",\nthen;\r\n=1+1'
    given = answer(of, "tuned", text=text)
    evaluation = Evaluation([of], [given], [score(given, "answer_relevancy", -0.05)])

    write_responses(tmp_path / "out.csv", evaluation)

    found = rows(tmp_path / "out.csv")[0]
    assert found["tuned_open_answer"] == text.replace("\r\n", "\n")
    assert found["tuned_open_answer_relevancy"] == "-0.05"


def test_a_question_that_a_model_was_not_asked_has_empty_cells(tmp_path: Path) -> None:
    asked, other = sample(0), sample(1)
    evaluation = Evaluation([asked, other], [answer(asked, "tuned")], [])

    write_responses(tmp_path / "out.csv", evaluation)

    assert rows(tmp_path / "out.csv")[1]["tuned_open_answer"] == ""


def test_the_file_begins_with_the_mark_that_excel_knows_utf_8_by(tmp_path: Path) -> None:
    write_responses(tmp_path / "out.csv", evaluation_of({"tuned": [0.5]}))

    assert (tmp_path / "out.csv").read_bytes().startswith(b'\xef\xbb\xbf"sample_id"')
