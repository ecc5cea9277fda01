from jobs.text.numbers.fractions import find_fraction_words, with_decimals
from tests.rows import each_row


@each_row(
    "text, plain",
    [
        ("Add ½ cup.", "Add 0.5 cup."),
        ("Add 2½ cups.", "Add 2.5 cups."),
        ("Add 2 ½ cups.", "Add 2.5 cups."),
        ("Add 2 1/2 cups.", "Add 2.5 cups."),
        ("Add 2 1⁄2 cups.", "Add 2.5 cups."),
        ("About ⅔ voted.", "About 0.6667 voted."),
        ("Open 24/7 since 9/11/2001.", "Open 24/7 since 9/11/2001."),
        ("See /1/2 and 1/2/3.", "See /1/2 and 1/2/3."),
        ("Version 1.2/3 of it.", "Version 1.2/3 of it."),
    ],
)
def test_signs_of_fractions_are_decimals(text: str, plain: str) -> None:
    assert with_decimals(text) == plain


@each_row(
    "text, value, unit",
    [
        ("for one and a half hours", 1.5, ""),
        ("for an hour and a half", 1.5, "hour"),
        ("two hours and three quarters", 2.75, "hours"),
        ("two and a half million", 2.5, ""),
        ("half of the members", 0.5, ""),
        ("zweieinhalb Stunden", 2.5, ""),
        ("anderthalb Liter", 1.5, ""),
        ("deux heures et demie", 2.5, "heures"),
        ("dos horas y media", 2.5, "horas"),
        ("due ore e mezza", 2.5, "ore"),
        ("两个半小时", 2.5, ""),
        ("2時間半", 2.5, "時間"),
        ("三分之一", 1 / 3, ""),
    ],
)
def test_fraction_in_words_is_read(text: str, value: float, unit: str) -> None:
    (found,) = find_fraction_words(text)

    assert abs(found.value - value) < 1e-9
    assert found.unit == unit


@each_row("text", ["the third attempt", "in the fourth quarter 2020", "a dog and a cat", "halb"])
def test_ordinals_and_pairs_are_no_fractions(text: str) -> None:
    assert not list(find_fraction_words(text))
