"""Tells whether two texts of nearly the same words say different things."""

import re
from collections.abc import Iterator

from jobs.text.exact_names import ExactText, find_code, find_proper_names
from jobs.text.languages import detect_language
from jobs.text.quantities import find_quantities, find_quantities_in_words

_NEGATION = re.compile(
    r"\b(?:no|not|never|without|cannot|\w+n['\u2019]t|nicht|nie|ohne|kein\w*|pas|sans|jamais"
    r"|sin|nunca)\b|ない|ません|不|没|沒|無|无",
    re.IGNORECASE,
)


def differ_exactly(one: str, other: str) -> bool:
    """Whether each holds a number or name that the other lacks, or only one of them denies.

    "The default of min_size is 4" and "The default of max_size is 8" are such texts. A name that
    only one of them has makes no other text: it may have been left out. So do different languages.
    """
    if bool(_NEGATION.search(one)) != bool(_NEGATION.search(other)):
        return True
    if _has_own_name(one, other) and _has_own_name(other, one):
        return True
    languages = {detect_language(one), detect_language(other)} - {None}
    return len(languages) > 1


def _has_own_name(text: str, other: str) -> bool:
    known = ExactText(other)
    return (
        any(not known.holds(name) for name in find_code(text))
        or any(not known.holds_stem(name) for name in find_proper_names(text))
        or bool(set(_amounts(text)) - set(_amounts(other)))
    )


def _amounts(text: str) -> Iterator[tuple[str, str]]:
    for quantity in (*find_quantities(text), *find_quantities_in_words(text)):
        yield quantity.number, quantity.unit
