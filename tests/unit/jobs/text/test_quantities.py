import pytest

from jobs.text.quantities import find_quantities, names_unit, numbers_in


@pytest.mark.parametrize(
    ("text", "number", "unit"),
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
