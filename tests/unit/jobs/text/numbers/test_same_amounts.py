from jobs.text.numbers.quantities import Quantity
from jobs.text.numbers.same_amounts import (
    are_same_unit,
    find_sums,
    in_base_unit,
    names_unit,
    same_amount,
)
from tests.rows import each_row


def test_unit_of_one_letter_is_named_by_its_word_alone() -> None:
    assert names_unit("It takes a few seconds.", "second")
    assert not names_unit("The s in its name.", "second")


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


def test_unit_for_each_of_another_is_the_same_where_that_is_not_said() -> None:
    assert are_same_unit("kilometre/hour", "kilometre")
    assert not are_same_unit("kilometre/hour", "metre/second")
    assert names_unit("Sixty kilometres in an hour.", "kilometre/hour")


@each_row(
    "one, other, is_same",
    [
        (("1:30", "hour"), ("90", "minute"), True),
        (("1:30", ""), ("90", "minute"), True),
        (("3:20", "minute"), ("200", "second"), True),
        (("3:20", ""), ("200", "second"), True),
        (("1:30", "hour"), ("130", "minute"), False),
        (("0.3333", "hour"), ("20", "minute"), True),
        (("0.3333", ""), ("33", "percent"), True),
        (("0.3333", ""), ("35", "percent"), False),
        (("0.5", ""), ("50", "percent"), True),
        (("0.5", ""), ("0.5", ""), False),  # numbers alone are compared as they are written
        (("5", "cubic metre"), ("5000", "litre"), True),
        (("250", "cubic centimetre"), ("250", "millilitre"), True),
        (("2", "hectare"), ("20000", "square metre"), True),
        (("5", "square metre"), ("5", "metre"), False),
    ],
)
def test_amounts_in_other_forms_are_the_same(
    one: tuple[str, str], other: tuple[str, str], *, is_same: bool
) -> None:
    assert same_amount(Quantity(*one, ""), Quantity(*other, "")) is is_same


@each_row(
    "text, number, unit",
    [
        ("It takes 1 hour 20 minutes.", "80", "minute"),
        ("It takes 2 days and 12 hours.", "60", "hour"),
        ("Es wiegt 3 kg 200 g.", "3200", "gram"),
    ],
)
def test_quantities_in_a_row_are_one_sum(text: str, number: str, unit: str) -> None:
    (found,) = find_sums(text)

    assert (found.whole.number, found.whole.unit) == (number, unit)
    assert len(found.parts) == 2


@each_row("text", ["20 minutes, 1 hour.", "1 hour for 20 minutes of work.", "2 km, 3 hours"])
def test_quantities_that_are_no_row_have_no_sum(text: str) -> None:
    assert not list(find_sums(text))


def test_quantity_is_known_in_the_base_unit_of_its_kind() -> None:
    assert in_base_unit(Quantity("90", "minute", "")) == Quantity("5400", "second", "")
    assert in_base_unit(Quantity("3", "", "")) == Quantity("3", "", "")
