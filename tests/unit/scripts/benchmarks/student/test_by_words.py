"""Words alone tell which sentence speaks of a question, rare ones more than usual ones."""

import numpy as np
import pytest

from scripts.benchmarks.student.by_words import WordShare, area
from scripts.benchmarks.student.rows import Asked

PASSAGES = ["The tide turns here.", "The tide is high.", "The magpie sleeps.", "The tide is low."]


def asked(question: str, passage: str) -> Asked:
    return Asked(question, "", "factual", "d", "d", passage, passage)


def test_a_rare_word_weighs_more_than_a_usual_one() -> None:
    words = WordShare(PASSAGES)
    question = "Where do the tide and the magpie meet?"

    assert words.share(question, "A magpie.") > words.share(question, "A tide.") > 0
    assert words.share(question, "Nothing of it.") == 0
    assert words.share(question, "The magpie and the tide meet.") == pytest.approx(1.0)
    assert words.share("What is it?", "It is.") == 0  # no word of it carries meaning


def test_the_sentence_with_most_of_the_question_is_copied() -> None:
    row = asked("When does the magpie sleep?", "Tides turn at noon. A magpie sleeps at night. So.")

    assert WordShare(PASSAGES).best_sentence(row) == "A magpie sleeps at night."


def test_a_passage_is_narrowed_to_the_sentences_with_most_of_the_question() -> None:
    row = asked("When does the magpie sleep?", "Magpies are birds. Tides turn. A magpie sleeps.")

    narrow = WordShare(PASSAGES).narrow(row, 2)

    assert narrow.passage == "Magpies are birds.\n...\nA magpie sleeps."
    assert narrow._replace(passage=row.passage) == row


def test_the_area_is_one_where_all_answerable_questions_have_more() -> None:
    assert area(np.array([0.8, 0.9]), np.array([0.1, 0.7])) == 1.0
    assert area(np.array([0.5]), np.array([0.5])) == 0.5
    assert area(np.array([0.1]), np.array([0.5, 0.9])) == 0.0
