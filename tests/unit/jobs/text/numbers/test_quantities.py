from jobs.text.numbers.quantities import (
    find_quantities,
    find_quantities_in_words,
    numbers_in,
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


def test_percentages_in_chinese_are_as_elsewhere() -> None:
    (found,) = find_quantities_in_words("湿度不得超过百分之六十。")

    assert (found.number, found.unit) == ("60", "percent")


@each_row(
    "text, number, unit",
    [
        ("It takes half an hour.", "0.5", "hour"),
        ("It takes 2 hours and a half.", "2.5", "hour"),
        ("Nach anderthalb Stunden.", "1.5", "hour"),
        ("1時間半続く。", "1.5", "hour"),
        ("Half a million people.", "500000", ""),
    ],
)
def test_fraction_in_words_is_one_quantity_with_its_unit(text: str, number: str, unit: str) -> None:
    (found,) = find_quantities_in_words(text)

    assert (found.number, found.unit) == (number, unit)
    assert not list(find_quantities(text))


@each_row(
    "text, number, unit",
    [
        ("It holds 2½ litres.", "2.5", "litre"),
        ("It measures 250 m².", "250", "square metre"),
        ("It holds 5 cubic metres.", "5", "cubic metre"),
        ("It costs 2.5 million euros.", "2500000", "euro"),
        ("Elle dure 1 h 30.", "1:30", ""),
        ("Es beginnt um 6:30 a.m.", "6:30", ""),
    ],
)
def test_fraction_area_scale_and_time_are_read_with_the_number(
    text: str, number: str, unit: str
) -> None:
    (found,) = find_quantities(text)

    assert (found.number, found.unit) == (number, unit)


def test_parts_of_hours_are_numbers_of_minutes_too() -> None:
    assert {"30", "150"} <= numbers_in("It takes half an hour, or 2 hours and a half.")
