"""What a row begins with: the system message of its settings."""

from pathlib import Path
from typing import Any

from jobs.dataset.rows.chat_rows import Excerpt, chat_row
from jobs.evaluation.evaluated_models import answer_id
from schemas.settings import RunSettings
from schemas.settings.dataset import DatasetSettings
from tests.rows import each_row
from tests.unit.jobs.settings.test_former_defaults import config_of

EXCERPT = Excerpt("Notes > Tides", "The tide turns at noon.")
# Letter by letter what earlier versions wrote, and what ids of their evaluations are made of.
FORMER = (
    "You answer questions about a collection of documents. You are given an excerpt and a question."
    " Answer from the excerpt, in its language, in complete sentences. If the question assumes"
    " something that the excerpt contradicts, say so and give what is right."
)


def system_of(settings: DatasetSettings, excerpt: Excerpt | None = EXCERPT) -> str:
    row: Any = chat_row("When does it turn?", "At noon.", excerpt, settings)
    return str(row["messages"][0]["content"])


def test_a_new_row_says_which_language_and_what_to_do_without_an_answer() -> None:
    said = system_of(DatasetSettings())

    assert "Answer from the excerpt, in its language" in said
    assert "If the excerpt does not answer the question, say only that" in said


def test_rows_of_a_run_that_began_before_keep_their_system_message(tmp_path: Path) -> None:
    began_before = config_of(tmp_path / "config.toml", {"dataset": {"closed_book": False}})

    assert system_of(began_before.dataset) == FORMER


@each_row("instructs", [True, False])
def test_a_row_without_an_excerpt_says_nothing_of_one(instructs: bool) -> None:
    said = system_of(DatasetSettings(instructs_refusal=instructs), None)

    assert "excerpt" not in said


def test_answers_of_an_evaluation_that_began_before_keep_their_ids(tmp_path: Path) -> None:
    began_before = config_of(tmp_path / "config.toml", {})

    kept = answer_id("s", "tuned", "ft:x", "open", began_before)

    assert kept == "ada083d8f847d496638ccf942d4bac3a"  # as version 0.1.0 made it
    assert kept != answer_id("s", "tuned", "ft:x", "open", RunSettings())
