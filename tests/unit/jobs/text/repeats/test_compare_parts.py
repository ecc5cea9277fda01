"""Which earlier texts of a part one repeats, and against which later ones need not be held."""

from jobs.text.repeats.compare_parts import (
    MOST_ALIKE,
    Compared,
    EarlierText,
    OrderedText,
    PartComparison,
)
from jobs.text.repeats.word_parts import WordPart, part_of

PARTS = 4
WORDS = ["porcelain", "kiln", "warm", "how"]  # from rare to common
TEXT = "How warm must a kiln be for porcelain?"


def never(_: str, __: str) -> bool:
    return False


def compare(part: int = part_of(WORDS[0], PARTS), least: float = 0.5) -> PartComparison:
    return PartComparison(WordPart(part, PARTS, least), never)


def text(number: int, text: str = TEXT, words: list[str] = WORDS) -> OrderedText:
    return OrderedText(number, f"q{number}", text, words)


def test_earlier_text_is_named_with_its_place_among_all() -> None:
    comparison = compare()

    first = comparison.add(text(7))
    second = comparison.add(text(9, "Porcelain: warm?", ["porcelain", "warm"]))

    assert first == Compared([], is_left_out=False)
    assert second == Compared([EarlierText(7, 0.5, "q7", is_sure=True)], is_left_out=False)


def test_texts_that_differ_are_no_repeats() -> None:
    asked = list[tuple[str, str]]()

    def differ(earlier: str, later: str) -> bool:
        asked.append((earlier, later))
        return True

    comparison = PartComparison(WordPart(part_of(WORDS[0], PARTS), PARTS, 0.5), differ)
    comparison.add(text(1))

    compared = comparison.add(text(2, "How warm is the kiln for porcelain?"))

    assert compared == Compared([], is_left_out=False)
    assert asked == [(TEXT, "How warm is the kiln for porcelain?")]


def test_copy_is_left_out_in_every_part_and_found_in_one() -> None:
    parts = [compare(part) for part in {part_of(word, PARTS) for word in WORDS[:3]}]

    compared = [(part.add(text(1)), part.add(text(2)), part.add(text(3)))[1:] for part in parts]

    assert len(parts) > 1
    assert all(each.is_left_out for pair in compared for each in pair)
    original = [EarlierText(1, 1.0, "q1", is_sure=True)]
    found = [[each.earlier for each in pair] for pair in compared]
    assert found.count([original, original]) == 1
    assert found.count([[], []]) == len(parts) - 1


def test_what_is_less_similar_than_one_that_stays_here_is_not_looked_at_closely() -> None:
    asked = list[str]()

    def differ(earlier: str, _: str) -> bool:
        asked.append(earlier)
        return earlier == "third"

    comparison = PartComparison(WordPart(part_of(WORDS[0], PARTS), PARTS, 0.5), differ)
    comparison.add(text(1, "first", ["porcelain", "kiln", "loom", "how"]))
    comparison.add(text(2, "second", ["porcelain", "kiln", "saw", "how"]))
    comparison.add(text(3, "third", WORDS))
    asked.clear()

    compared = comparison.add(text(4, "fourth", WORDS))

    assert asked == ["third", "first"]
    assert [(each.number, each.is_sure) for each in compared.earlier] == [(1, True), (2, False)]


def test_text_that_is_like_many_is_left_out() -> None:
    comparison = compare()
    spelt = [f"{TEXT}{'?' * number}" for number in range(MOST_ALIKE + 2)]

    compared = [comparison.add(text(number, each)) for number, each in enumerate(spelt)]

    assert [each.is_left_out for each in compared] == [False] * MOST_ALIKE + [True] * 2
    assert len(compared[-1].earlier) == MOST_ALIKE
