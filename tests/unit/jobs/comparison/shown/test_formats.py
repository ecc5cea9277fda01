"""The comparison for other programs, and the bounds that it is checked by."""

import csv
import json

import pytest

from engine.errors import ConfigError
from jobs.comparison.fail_under import LeastMean, find_failures, read_bounds
from jobs.comparison.models import compare_models
from jobs.comparison.shown.formats import write_csv, write_json, write_markdown
from schemas.comparison import Comparison
from tests.rows import each_row
from tests.unit.jobs.comparison.evaluations import evaluation_of


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    evaluation = evaluation_of(
        {"baseline": [0.2, 0.4] * 20, "tuned": [0.5, 0.8] * 20}, document_count=20
    )
    named = [
        answer.model_copy(update={"model": "=a|b<script>"}) if answer.role == "tuned" else answer
        for answer in evaluation.answers
    ]
    return compare_models(evaluation._replace(answers=named), is_demo_grade=False)


def test_markdown_has_as_many_cells_in_every_row_and_no_markup_of_others(
    comparison: Comparison,
) -> None:
    text = write_markdown(comparison)

    tables = [block.splitlines() for block in text.split("\n\n")][:2]
    for table in tables:
        cells = [line.replace(r"\|", "").count("|") for line in table]
        assert len(set(cells)) == 1
    assert r"=a\|b\<script\>" in text
    assert "<script" not in text.replace(r"\<script", "")
    assert "n=40/20" in text


def test_csv_has_a_row_for_every_figure_and_no_formula(comparison: Comparison) -> None:
    rows = list(csv.DictReader(write_csv(comparison).splitlines()))

    mean = next(r for r in rows if r["name"] == "tuned open-book" and r["group"] == "answerable")
    assert float(mean["value"]) == pytest.approx(0.65)
    assert (mean["what"], mean["metric"]) == ("mean", "answer_relevancy")
    assert mean["model"] == "'=a|b<script>"
    assert (mean["questions"], mean["documents"]) == ("40", "20")
    difference = next(r for r in rows if r["what"] == "difference")
    assert (difference["won"], difference["tied"], difference["lost"]) == ("40", "0", "0")
    assert len({row["group"] for row in rows}) == 1 + 1 + 20


def test_json_is_the_comparison(comparison: Comparison) -> None:
    assert Comparison.model_validate(json.loads(write_json(comparison))) == comparison


def test_bounds_are_of_the_student_unless_another_role_is_named() -> None:
    assert read_bounds(["faithfulness=0.8", "teacher.answer_relevancy=.5"]) == [
        LeastMean(None, "faithfulness", 0.8),
        LeastMean("teacher", "answer_relevancy", 0.5),
    ]


@each_row(
    "text", ["faithfulness", "faith=0.5", "judge.faithfulness=1", "a=b", "faithfulness=1.2.3"]
)
def test_bound_of_another_form_is_refused_with_what_is_expected(text: str) -> None:
    with pytest.raises(ConfigError, match="--fail-under"):
        read_bounds([text])


def test_mean_below_its_bound_fails_and_one_that_was_not_scored_too(
    comparison: Comparison,
) -> None:
    bounds = read_bounds(
        ["faithfulness=0.6", "faithfulness=0.7", "correctness=0.1", "baseline.faithfulness=0.2"]
    )

    failures = list(find_failures(comparison, bounds))

    assert len(failures) == 2
    assert failures[0].startswith("faithfulness of tuned open-book: 0.650 [")
    assert failures[0].endswith("below 0.7")
    assert "correctness of tuned: it was not scored" in failures[1]
