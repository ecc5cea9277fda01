"""Finds what an answer says and its evidence does not, without asking a model, in any language.

What must be taken over letter by letter is looked up: numbers with their units, code, quoted
words, names. Paraphrase is free in everything else.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations

from jobs.dataset.filters.source_text import SourceText
from jobs.dataset.filters.swapped_values import find_swapped
from jobs.text.languages import WRITES_NOUNS_LARGE
from jobs.text.numbers.calendar_names import find_unknown_day
from jobs.text.numbers.clock_times import is_same_time, is_time_of
from jobs.text.numbers.quantities import (
    MAX_COUNT_WORD,
    Quantity,
    find_quantities,
    find_quantities_in_words,
    numbers_in,
)
from jobs.text.numbers.same_amounts import (
    amount_of,
    are_same_unit,
    find_sums,
    names_unit,
    same_amount,
)
from jobs.text.wording.exact_names import (
    ExactText,
    find_code,
    find_name_pairs,
    find_proper_names,
    find_quotes,
)
from jobs.text.wording.spoken_to_model import speaks_to_model
from schemas.dataset import Fault

_YEAR = re.compile(r"1\d{3}|20\d\d")
MAX_TERMS = 12  # of more quantities of one kind almost any number is a difference


def find_ungrounded(text: str, question: str, source: SourceText) -> Fault | None:
    """The first number, unit, name in code, quote or proper name that comes from nowhere.

    Or a number or name in code that its evidence says of something else.

    What the question says may be repeated. Code and numbers must stand in the evidence, quotes
    and proper names in the chunk, for the evidence may name its subject by a pronoun.
    """
    near = f"{source.near}\n{question}"
    whole = f"{source.whole}\n{question}"
    return (
        _find_quantity_fault(text, near)
        or _find_code_fault(text, near)
        or _find_quote_fault(text, whole)
        or _find_name_fault(text, whole, source.language)
        or _find_day_fault(text, whole)
        or find_swapped(text, question, source)
    )


def find_unknown_code(question: str, source: SourceText) -> Fault | None:
    """The first option, path or other name in code of a question that its chunk does not hold."""
    name = _find_unheld(find_code(question), source.whole)
    return None if name is None else Fault("code_not_in_text", detail=name)


def find_spoken_to_model(source: SourceText) -> Fault | None:
    """The fault of evidence that speaks to the model: no question and no answer rests on it."""
    return Fault("speaks_to_model") if speaks_to_model(source.evidence) else None


def _find_quantity_fault(text: str, source: str) -> Fault | None:
    in_digits, in_words = tuple(find_quantities(text)), tuple(find_quantities_in_words(text))
    if not (in_digits or in_words):
        return None
    numbers, known = numbers_in(source), _quantities_in(source)
    told = _parts_of_known_sums(text, known)
    for quantity in (*in_digits, *filter(_is_checked(known), in_words)):
        if quantity in told or any(same_amount(quantity, each) for each in known):
            continue
        if quantity.number not in numbers:
            number = quantity.number
            is_time = is_time_of(number, source, numbers) or is_same_time(number, text, source)
            if is_time or _is_difference(quantity, known):
                continue
            return Fault("number_not_in_evidence", detail=quantity.written)
        if quantity.unit and not _has_unit(quantity, known, source):
            return Fault("unit_not_in_evidence", detail=quantity.written)
    return None


def _quantities_in(source: str) -> tuple[Quantity, ...]:
    sums = (each.whole for each in find_sums(source))
    return (*find_quantities(source), *find_quantities_in_words(source), *sums)


def _parts_of_known_sums(text: str, known: Sequence[Quantity]) -> frozenset[Quantity]:
    """The hour and the minutes of "1 hour 20 minutes", where the source has 80 minutes."""
    sums = (each for each in find_sums(text) if any(same_amount(each.whole, k) for k in known))
    return frozenset(part for each in sums for part in each.parts)


def _is_difference(wanted: Quantity, known: Sequence[Quantity]) -> bool:
    """Whether it is the difference of two known quantities of its kind: "2 hours later".

    A sum is not let pass: wrong answers add up what has nothing to do with each other.
    """
    if wanted.unit == "year":
        known = (*known, *(each._replace(unit="year") for each in known if _is_a_year(each)))
    of_kind = [each for each in known if _are_of_one_kind(each, wanted)]
    found = {amount for each in of_kind if (amount := amount_of(each)) is not None}
    amount = amount_of(wanted)
    if amount is None or not 2 <= len(found) <= MAX_TERMS:
        return False
    return any(math.isclose(amount, abs(a - b)) for a, b in combinations(found, 2))


def _is_a_year(quantity: Quantity) -> bool:
    is_plain = not quantity.unit and quantity.written == quantity.number
    return is_plain and _YEAR.fullmatch(quantity.number) is not None


def _are_of_one_kind(one: Quantity, other: Quantity) -> bool:
    return one.unit == other.unit and bool(
        one.unit or (one.counted and one.counted == other.counted)
    )


def _is_checked(known: Sequence[Quantity]) -> Callable[[Quantity], bool]:
    """Whether a number in words says what the source says: "two of them" counts what is there.

    It does where it has a unit, is large, or counts what the source counts, too.
    """
    counted = {each.counted for each in known if each.counted}
    return lambda quantity: (
        bool(quantity.unit)
        or float(quantity.number) > MAX_COUNT_WORD
        or quantity.counted in counted
    )


def _has_unit(wanted: Quantity, known: Sequence[Quantity], source: str) -> bool:
    units = {each.unit for each in known if each.number == wanted.number and each.unit}
    if not units:
        return names_unit(source, wanted.unit)
    return any(are_same_unit(wanted.unit, unit) for unit in units)


def _find_day_fault(text: str, source: str) -> Fault | None:
    day = find_unknown_day(text, source)
    return None if day is None else Fault("name_not_in_text", detail=day)


def _find_code_fault(text: str, source: str) -> Fault | None:
    name = _find_unheld(find_code(text), source)
    return None if name is None else Fault("code_not_in_evidence", detail=name)


def _find_unheld(names: Iterable[str], source: str) -> str | None:
    """The first of these names that the source does not hold; it is read only for some."""
    wanted = tuple(names)
    if not wanted:
        return None
    known = ExactText(source)
    return next((name for name in wanted if not known.holds(name)), None)


def _find_quote_fault(text: str, source: str) -> Fault | None:
    quotes = [quote for quote in find_quotes(text) if quote]
    if not quotes:
        return None
    known = ExactText(source)
    for quote in quotes:
        if not known.holds(quote) and not known.holds_words_of(quote):
            return Fault("quote_not_in_text", detail=quote)
    return None


def _find_name_fault(text: str, source: str, language: str | None) -> Fault | None:
    if language is None:
        return None
    known = ExactText(source)
    if language in WRITES_NOUNS_LARGE:
        names = _other_halves(text, source, known)
    else:
        names = (name for name in find_proper_names(text) if not known.holds_stem(name))
    name = next(iter(names), None)
    return None if name is None else Fault("name_not_in_text", detail=name)


def _other_halves(text: str, source: str, known: ExactText) -> Iterator[str]:
    """Beside one half of a name of the source, what is neither its other half nor a word of it."""
    pairs = tuple(find_name_pairs(text))
    halves = {half for pair in find_name_pairs(source) for half in pair} if pairs else ()
    for first, second in pairs:
        for half, other in ((first, second), (second, first)):
            if half in halves and not known.holds_stem(other):
                yield other
