"""The measures of the student's benchmark on answers whose score is known."""

import math

import numpy as np
import pytest

from scripts.benchmarks.student.rows import Asked, make_unanswerables, with_unanswerables
from scripts.benchmarks.student.scores import (
    f1,
    first_sentence,
    has_loop,
    keys_found,
    mean_difference,
    precision,
    rouge_l,
)


def test_words_are_compared_without_case_articles_and_marks() -> None:
    assert f1("The WAL file.", "a wal file") == 1.0
    assert f1("one two", "two three") == 0.5
    assert f1("", "something") == 0.0


def test_precision_is_of_what_is_said_and_recall_of_what_was_to_be_said() -> None:
    said, wanted = "the WAL file", "a WAL file and a lock and a lock"

    assert precision(said, wanted) == 1.0
    assert precision(wanted, said) == pytest.approx(2 / 6)
    assert precision("", wanted) == precision(wanted, "") == 0.0


def test_the_longest_common_course_counts_order() -> None:
    assert rouge_l("y x z", "x y z") == pytest.approx(2 / 3)
    assert f1("b c d", "d c b") == 1.0
    assert rouge_l("b c d", "d c b") == pytest.approx(1 / 3)


def test_numbers_names_and_code_of_the_reference_are_looked_for() -> None:
    reference = "At 1000 pages `sqlite3_step` returns SQLITE_BUSY."

    assert keys_found(reference, reference) == 1.0
    assert keys_found("1000 pages, and sqlite3_step", reference) == pytest.approx(2 / 3)
    assert math.isnan(keys_found("anything", "no key in here"))


def test_a_loop_is_five_words_three_times() -> None:
    assert has_loop("so it goes on now " * 3)
    assert not has_loop("so it goes on now " * 2)


def test_the_first_sentence_is_what_stands_first() -> None:
    assert first_sentence("It is so. And more.") == "It is so."
    assert first_sentence("") == ""


def test_whole_groups_are_drawn_together() -> None:
    some, others = np.array([1.0, 1.0, 0.0, 0.0]), np.zeros(4)

    alone = mean_difference(some, others, ["a", "b", "c", "d"])
    grouped = mean_difference(some, others, ["a", "a", "b", "b"])

    assert alone.value == grouped.value == 0.5
    assert (grouped.low, grouped.high) == (0.0, 1.0)  # both or neither group
    assert alone.low >= 0.0


def make_row(number: int, document: str) -> Asked:
    context = f"context {number}"
    return Asked(f"question {number}", "answer", "factual", document, "", context, context)


def test_unanswerable_questions_have_another_passage_of_the_same_document() -> None:
    rows = [make_row(n, f"document {n % 2}") for n in range(10)]

    made = make_unanswerables(rows, 6, seed=0)
    mixed = with_unanswerables(rows, share=1 / 6, seed=0)

    context_of = {row.question: row.context for row in rows}
    documents = {row.context: row.document for row in rows}
    assert len(made) == 6
    assert all(row.context != context_of[row.question] for row in made)
    assert all(documents[row.context] == row.document for row in made)
    assert sum(row.kind == "unanswerable" for row in mixed) == 2
