"""Shingles: what texts are compared by."""

import numpy as np
import pytest

from jobs.text.repeats import shingles
from jobs.text.repeats.shingles import share_in, shingle_hashes, spans_among
from tests.rows import each_row

PIECE_CHARS = 1_000  # in these tests
TEXT = "The kiln is heated to 1220 degrees before porcelain goes in, and cools for two whole days."

HASH = 5169042332363720151


def test_case_punctuation_and_line_ends_do_not_count() -> None:
    other = TEXT.upper().replace(",", " --").replace(" ", "\n")

    assert np.array_equal(shingle_hashes(TEXT), shingle_hashes(other))


def test_one_changed_word_changes_the_shingles_around_it() -> None:
    changed = TEXT.replace("porcelain", "stoneware")

    share = share_in(shingle_hashes(changed), shingle_hashes(TEXT))

    assert 0 < share < 0.5


@each_row("text", ["", " \n", "...", "one", "two words"])
def test_short_text_has_one_shingle_or_none(text: str) -> None:
    assert len(shingle_hashes(text)) == bool(text.strip(" \n."))


def test_text_without_spaces_is_compared_by_characters() -> None:
    text = "窑炉在放入瓷器之前要加热到一千二百二十度然后冷却整整两天"

    share = share_in(shingle_hashes(f"前言。{text}"), shingle_hashes(f"{text}。后记"))

    assert share > 0.8


@each_row(
    "one, other",
    [
        ("كُتِبَ هَذَا الدليل لمن يُشغِّل الفرن كل يوم", "كتب هذا الدليل لمن يشغل الفرن كل يوم"),
        ("נִכְתַּב מדריך זה לכל מי שמפעיל את התנור", "נכתב מדריך זה לכל מי שמפעיל את התנור"),
        ("ＵＳＢポート３に接続し、Ｃｔｒｌ＋Ｃで止める", "USBポート3に接続し、Ctrl+Cで止める"),
    ],
)
def test_points_of_vowels_and_the_width_of_letters_do_not_count(one: str, other: str) -> None:
    assert np.array_equal(shingle_hashes(one), shingle_hashes(other))


def test_words_of_india_are_words_not_their_consonants() -> None:
    words = "भट्ठी का वाल्व बंद करें और दबाव देखें फिर खोलें"

    assert len(shingle_hashes(words)) == len(words.split()) - 7


def test_hashes_are_the_same_in_every_process() -> None:
    assert shingle_hashes("a b c d e f g h").tolist() == [HASH]


def test_where_a_text_shares_shingles_with_another_is_told_in_its_own_characters() -> None:
    words = [f"word{number}" for number in range(40)]
    shared = ", ".join(words[10:22])
    text = f"{' '.join(words[:10])} Ärger. {shared}! {' '.join(words[22:])}"

    (span,) = spans_among(text, shingle_hashes(shared.upper()))

    assert text[span.start_char : span.end_char] == shared


def test_a_text_that_shares_nothing_has_no_spans() -> None:
    assert spans_among("A pump.", shingle_hashes("A valve.")) == []
    assert spans_among("", shingle_hashes("A valve.")) == []


@each_row("end", ["", " the end"])
def test_a_text_of_several_pieces_has_the_shingles_across_their_edges(end: str) -> None:
    long = "word " * (PIECE_CHARS // 5 - 2) + "at the edge of two pieces stands a seal" + end

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shingles, "PIECE_CHARS", PIECE_CHARS)
        found = shingle_hashes(long)

    assert np.isin(shingle_hashes("at the edge of two pieces stands a seal"), found).all()
    assert len(found) == 1 + 7 + 2 + len(end.split())
