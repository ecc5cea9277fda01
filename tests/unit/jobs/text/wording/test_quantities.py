from jobs.text.wording.quantities import (
    Quantity,
    are_same_unit,
    find_parts_of_hours,
    find_quantities,
    find_quantities_in_words,
    names_unit,
    numbers_in,
    same_amount,
)
from tests.rows import each_row


@each_row(
    "text, number, unit",
    [
        ("It waits 30 seconds.", "30", "second"),
        ("Er wartet 30 Sekunden.", "30", "second"),
        ("Elle attend 30 secondes.", "30", "second"),
        ("The limit is 1,000 files.", "1000", ""),
        ("Die Grenze liegt bei 1.000 Dateien.", "1000", ""),
        ("Das Fass fasst 0,5 l Wasser.", "0.5", "litre"),
        ("Storage costs 3.50 $.", "3.5", "dollar"),
        ("At 8 °C it stops.", "8", "celsius"),
        ("限度は２０%です。", "20", "percent"),
        ("A block of 64KiB.", "64", "kilobyte"),
        ("Version 007 of it.", "7", ""),
        ("湯は90分間保つ。", "90", "minute"),
        ("保留18个月后删除。", "18", "month"),
        ("The wind blows at 60 km/h.", "60", "kilometre/hour"),
    ],
)
def test_number_is_read_with_its_unit_however_it_is_written(
    text: str, number: str, unit: str
) -> None:
    (found,) = find_quantities(text)

    assert (found.number, found.unit) == (number, unit)


def test_labels_of_a_list_are_no_numbers() -> None:
    assert list(find_quantities("1. Stop it.\n2) Start it.")) == []


def test_numbers_of_a_source_are_found_as_words_and_as_starts_of_versions() -> None:
    found = numbers_in("Zwanzig Zeilen, twelve columns, git 2.39.5, 10,000 rows")

    assert {"20", "12", "2.39", "10000"} <= found
    assert "39" not in found


def test_unit_of_one_letter_is_named_by_its_word_alone() -> None:
    assert names_unit("It takes a few seconds.", "second")
    assert not names_unit("The s in its name.", "second")


@each_row(
    "text, number, unit",
    [
        ("It waits for twenty-five minutes.", "25", "minute"),
        ("Nach vierzehn Wochen.", "14", "week"),
        ("Pendant quinze heures.", "15", "hour"),
        ("清掃のあと三十分かける。", "30", "minute"),
        ("Fifteen a day.", "15", ""),  # no amperes
        ("Seven boxes.", "7", ""),
    ],
)
def test_number_in_words_is_read_with_its_unit(text: str, number: str, unit: str) -> None:
    (found,) = find_quantities_in_words(text)

    assert (found.number, found.unit, found.is_words) == (number, unit, True)


def test_chinese_word_for_very_is_no_time() -> None:
    assert list(find_quantities_in_words("这一点十分重要。")) == []


def test_two_weeks_are_fourteen_days_and_no_month() -> None:
    weeks = Quantity("2", "week", "")

    assert same_amount(weeks, Quantity("14", "day", ""))
    assert not same_amount(weeks, Quantity("15", "day", ""))
    assert not same_amount(weeks, Quantity("1", "month", ""))
    assert not same_amount(Quantity("10:30", "hour", ""), weeks)


def test_amounts_in_larger_and_smaller_units_are_the_same() -> None:
    assert same_amount(Quantity("0.6", "metre", ""), Quantity("60", "centimetre", ""))
    assert same_amount(Quantity("1.5", "kilogram", ""), Quantity("1500", "gram", ""))
    assert same_amount(Quantity("1", "gigabyte", ""), Quantity("1000", "megabyte", ""))
    assert same_amount(Quantity("1", "gigabyte", ""), Quantity("1024", "megabyte", ""))
    assert not same_amount(Quantity("1", "gigabyte", ""), Quantity("1100", "megabyte", ""))
    assert not same_amount(Quantity("0.6", "metre", ""), Quantity("6", "centimetre", ""))
    assert not same_amount(Quantity("1", "kilogram", ""), Quantity("1000", "metre", ""))


def test_degrees_are_those_of_any_scale_that_is_named() -> None:
    assert are_same_unit("degree", "celsius")
    assert not are_same_unit("celsius", "fahrenheit")
    assert names_unit("水温は24度に保つ。", "celsius")


@each_row(
    "text, minutes",
    [
        ("It takes half an hour.", ["30"]),
        ("It takes three quarters of an hour.", ["45"]),
        ("Nach anderthalb Stunden.", ["30"]),
        ("Il faut trois quarts d'heure.", ["45"]),
        ("Si sale in due ore e un quarto.", ["15"]),
        ("It takes 2 hours and a half.", ["30", "150"]),
        ("1時間半続く。", ["30", "90"]),
        ("A quarter of the users waits for hours.", []),
    ],
)
def test_parts_of_hours_are_minutes(text: str, minutes: list[str]) -> None:
    assert [each.number for each in find_parts_of_hours(text)] == minutes


def test_percentages_in_chinese_are_as_elsewhere() -> None:
    (found,) = find_quantities_in_words("湿度不得超过百分之六十。")

    assert (found.number, found.unit) == ("60", "percent")


def test_unit_for_each_of_another_is_the_same_where_that_is_not_said() -> None:
    assert are_same_unit("kilometre/hour", "kilometre")
    assert not are_same_unit("kilometre/hour", "metre/second")
    assert names_unit("Sixty kilometres in an hour.", "kilometre/hour")
