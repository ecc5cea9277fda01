from jobs.text.bm25 import bm25_scores, stems
from tests.rows import each_row

KILN = "The kiln is heated to 1220 degrees, and its door is closed."
GLAZE = "Glaze melts at 1220 degrees in the kiln."
BEES = "Bees are fed in autumn, before frost comes."
DOOR = "Every door of the house is closed at night."


def ranked(query: str, *texts: str) -> list[str]:
    scores = bm25_scores(stems(query), [stems(text) for text in texts])
    return [texts[n] for n in sorted(range(len(texts)), key=lambda n: -scores[n])]


def test_text_with_more_of_the_wanted_words_comes_first() -> None:
    assert ranked(KILN, BEES, DOOR, GLAZE)[0] == GLAZE


def test_word_that_every_text_has_says_little() -> None:
    common, rare = "Kiln and bees.", "Kiln and bricks."

    assert ranked("kiln bricks", common, common, rare, common)[0] == rare


def test_of_texts_with_the_same_wanted_words_the_shorter_one_comes_first() -> None:
    longer = f"{GLAZE} {BEES} {DOOR}"

    assert ranked("glaze", longer, GLAZE, BEES)[0] == GLAZE


@each_row("text", ["窯の温度は千二百度です。", "Der Ofen wird auf 1220 Grad geheizt."])
def test_other_languages_and_scripts_are_scored_too(text: str) -> None:
    assert ranked(text, BEES, text) == [text, BEES]


def test_empty_texts_score_nothing() -> None:
    assert bm25_scores(stems(KILN), []) == []
    assert bm25_scores(stems(""), [stems(KILN), frozenset()]) == [0.0, 0.0]
