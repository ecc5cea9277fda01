"""Tells whether two quantities are the same amount, in whatever units and forms."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from jobs.text.numbers.fractions import DECIMALS
from jobs.text.numbers.quantities import HAN, Placed, Quantity, plain_text, read_numbers
from jobs.text.numbers.units import BINARY_SIZES, DEGREES, SIZES, UNITS, Size

_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)")
# Which units a number like 1:30 is in: hours and minutes, or minutes and seconds.
_OF_CLOCK = {"": ("hour", "minute"), "hour": ("hour",), "minute": ("minute",)}
_ROUNDED, _WHOLE_PERCENT = 2e-4, 1e-2  # 0.3333 of an hour is 20 minutes, a third is 33%
_JOINED = re.compile(r"[\s,]{0,3}(?:(?:and|und|et|y|e)\s{1,3})?")


def names_unit(text: str, unit: str) -> bool:
    """Whether a text names a unit by a word of more than one letter, or by its sign."""
    plain = plain_text(text).casefold()
    words = set(re.findall(r"[%$€£¥]|[°µμ]?[^\W\d_]+[23]?", plain))
    if unit in DEGREES and any(each in plain for each in UNITS["degree"].split()):
        return True
    return all(
        any(
            each in plain if HAN.match(each) else each in words
            for each in UNITS[part].split()
            if len(each) > 1 or not each.isascii() or not each.isalpha()
        )
        for part in unit.split("/")
    )


def are_same_unit(one: str, other: str) -> bool:
    """Whether two units are the same; "kilometres per hour" may be known as kilometres alone."""
    if "/" in one and "/" in other:
        return one == other
    if "degree" in (one, other):
        return {one, other} <= DEGREES
    return one.partition("/")[0] == other.partition("/")[0]


def amount_of(quantity: Quantity) -> float | None:
    """The number of a quantity; None: it is no single one, as a time or a version."""
    try:
        return float(quantity.number)
    except ValueError:  # "10:30"
        return None


def same_amount(one: Quantity, other: Quantity) -> bool:
    """Whether two quantities are as large in other units: 14 days and 2 weeks, 1:30 and 90 minutes.

    A kilobyte is 1,000 bytes, or 1,024. A part is a percentage, too: 0.5 and 50%.
    """
    return any(
        _are_as_large(a, b, sizes)
        for a in _readings(one)
        for b in _readings(other)
        for sizes in (SIZES, BINARY_SIZES)
    )


def in_base_unit(quantity: Quantity) -> Quantity:
    """It in the base unit of its kind, where it has one: 90 minutes as 5400 seconds."""
    first = next(_readings(quantity), quantity)
    size, amount = SIZES.get(first.unit), amount_of(first)
    if size is None or amount is None or not quantity.unit:
        return quantity
    return first._replace(unit=size.base, number=f"{amount * size.times:.6g}")


def _readings(quantity: Quantity) -> Iterator[Quantity]:
    clock = _CLOCK.fullmatch(quantity.number)
    if clock is None:
        yield quantity
        return
    for unit in _OF_CLOCK.get(quantity.unit, ()):
        amount = int(clock[1]) + int(clock[2]) / 60
        yield quantity._replace(number=repr(amount), unit=unit)


def _are_as_large(one: Quantity, other: Quantity, sizes: Mapping[str, Size]) -> bool:
    size, other_size = sizes.get(one.unit), sizes.get(other.unit)
    amount, other_amount = amount_of(one), amount_of(other)
    if size is None or other_size is None or amount is None or other_amount is None:
        return False
    if size.base != other_size.base or not (one.unit or other.unit):
        return False
    first, second = amount * size.times, other_amount * other_size.times
    tolerance = _tolerance(one, other)
    return math.isclose(first, second, rel_tol=tolerance, abs_tol=1e-12)


def _tolerance(one: Quantity, other: Quantity) -> float:
    """How far two amounts may be apart, since a third has no end of decimals."""
    if not any(len(each.number.partition(".")[2]) == DECIMALS for each in (one, other)):
        return 1e-9
    is_whole = any(each.unit == "percent" and each.number.isdigit() for each in (one, other))
    return _WHOLE_PERCENT if is_whole else _ROUNDED


class Sum(NamedTuple):
    """What several quantities are together, and each of them: 1 hour 20 minutes."""

    whole: Quantity
    parts: tuple[Quantity, ...]


def find_sums(text: str) -> Iterator[Sum]:
    """The quantities of a text that stand in a row, each in a smaller unit than the one before."""
    plain, in_digits, _ = read_numbers(text)
    row: list[Placed] = []
    for each in (*in_digits, _NO_QUANTITY):
        if row and _goes_on(plain, row[-1], each):
            row.append(each)
            continue
        if len(row) > 1:
            yield _sum(tuple(placed.quantity for placed in row))
        row = [each]


_NO_QUANTITY = Placed(Quantity("", "", ""), -1, -1)


def _goes_on(text: str, before: Placed, each: Placed) -> bool:
    larger, smaller = (SIZES.get(placed.quantity.unit) for placed in (before, each))
    if not (larger and smaller and before.quantity.unit and each.quantity.unit):
        return False
    is_part = larger.base == smaller.base and larger.times > smaller.times
    return is_part and _JOINED.fullmatch(text, before.end, each.start) is not None


def _sum(parts: tuple[Quantity, ...]) -> Sum:
    unit = parts[-1].unit
    amounts = (amount_of(each) or 0.0 for each in parts)
    total = sum(
        amount * SIZES[each.unit].times / SIZES[unit].times
        for amount, each in zip(amounts, parts, strict=True)
    )
    return Sum(Quantity(f"{total:.10g}", unit, " ".join(each.written for each in parts)), parts)
