"""Texts of very many characters: each is read in time that grows with its length alone."""

import pytest

from jobs.text.numbers.fractions import find_fraction_words, with_decimals
from jobs.text.private.find_private import mask_private
from tests.rows import each_row


@each_row("text", ["half " * 40_000, "1/2 " * 40_000, "two and a half " * 20_000, "½" * 100_000])
def test_time_to_find_fractions_grows_with_the_length_alone(text: str) -> None:
    assert len(with_decimals(text)) > 0
    assert len(list(find_fraction_words(text))) >= 0


@pytest.mark.parametrize("rules", [1, 2])
@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN RSA PRIVATE KEY-----" + "\n" * 100_000,
        "a." * 50_000,
        "a://b:c" * 9_000,
        "eyJ-" * 100_000,
    ],
)
def test_time_to_mask_private_text_grows_with_the_length_alone(text: str, rules: int) -> None:
    assert len(mask_private(text, "en", rules=rules).text) == len(text)
