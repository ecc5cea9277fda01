"""What an answer shares with a reference, counted without a model."""

import pytest

from jobs.evaluation.judging.exact_measures import exact_parts, numbers_and_code, token_f1
from jobs.evaluation.judging.judge import UnscoredError
from tests.rows import each_row


@each_row(
    "answer, reference, value",
    [
        ("The kiln is hot.", "the kiln, is HOT", 1.0),
        ("The kiln is cold.", "The kiln is hot.", 0.75),
        ("Nothing else.", "The kiln is hot.", 0.0),
        ("", "The kiln is hot.", 0.0),
        ("hot hot hot", "hot", 0.5),  # words are counted as often as they stand there
        ("Der Ofen ist hei\u00df.", "DER OFEN IST HEISS", 1.0),
        ("\u7a91\u5f88\u70ed", "\u7a91\u70ed", 0.8),  # Chinese: by character
    ],
)
def test_token_f1_is_that_of_common_words(answer: str, reference: str, value: float) -> None:
    assert token_f1(answer, reference) == pytest.approx(value)


@each_row(
    "text, parts",
    [
        ("Heat it to 1,220 degrees for 2.5 hours.", {"1220", "2.5"}),
        ("Auf 1.220 Grad, 2,5 Stunden lang.", {"1220", "2.5"}),
        ("Call `apt-get update` with --yes.", {"apt-get update", "--yes"}),
        ("It lies in /etc/apt/sources.list.", {"/etc/apt/sources.list"}),
        ("Set max_connections or call open().", {"max_connections", "open()"}),
        ("Plain words, well-known ones.", set()),
    ],
)
def test_numbers_and_code_are_found(text: str, parts: set[str]) -> None:
    assert exact_parts(text) == parts


def test_share_of_numbers_and_code_is_over_those_of_the_reference() -> None:
    reference = "Run `dpkg -i` with 3 files below 20 MB."

    assert numbers_and_code("Use dpkg -i; 3 files of 20 MB.", reference) == 1.0
    assert numbers_and_code("Use `dpkg -i` with 3 files of 200 MB.", reference) == pytest.approx(
        2 / 3
    )


def test_reference_without_numbers_and_code_is_not_scored_by_them() -> None:
    with pytest.raises(UnscoredError, match="no numbers and no code"):
        numbers_and_code("An answer with 5.", "The kiln is hot.")
