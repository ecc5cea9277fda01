"""Tells whether two texts of nearly the same words say different things."""

import re
from collections.abc import Iterator
from itertools import starmap

from jobs.text.content_words import STEM_CHARS
from jobs.text.languages import WRITES_NOUNS_LARGE, detect_language, differs_in_language
from jobs.text.numbers.quantities import find_quantities, find_quantities_in_words
from jobs.text.stop_words import STOP_WORDS
from jobs.text.wording.exact_names import ExactText, find_code, find_proper_names

MIN_PAIR_WORDS = 5
MAX_EXCHANGED = 2

_NEGATION = re.compile(
    r"\b(?:no|not|never|without|cannot|\w+n['\u2019]t|nicht|nie|ohne|kein\w*|pas|sans|jamais"
    r"|sin|nunca)\b|ない|ません|不|没|沒|無|无",
    re.IGNORECASE,
)


def differ_exactly(one: str, other: str) -> bool:
    """Whether each holds a number or name that the other lacks, or only one of them denies.

    "The default of min_size is 4" and "The default of max_size is 8" are such texts, and so are
    two in surely different languages. Not so where only one of them has a name: the other may
    have left it out.
    """
    if bool(_NEGATION.search(one)) != bool(_NEGATION.search(other)):
        return True
    languages = detect_language(one), detect_language(other)
    if differs_in_language(one, languages[1]) and differs_in_language(other, languages[0]):
        return True
    has_names = not set(languages) & set(WRITES_NOUNS_LARGE)
    return _has_own(one, other, has_names=has_names) and _has_own(other, one, has_names=has_names)


def ask_differently(one: str, other: str) -> bool:
    """Whether two questions of nearly the same words ask for different things.

    As texts may differ, or in one or two words in the same places: "How is it filled?" and "How is
    it emptied?". Two words for one thing are taken for two things here.
    """
    return differ_exactly(one, other) or _are_nearly_word_for_word(one, other)


def _are_nearly_word_for_word(one: str, other: str) -> bool:
    words, others = (re.findall(r"\w+", text.casefold()) for text in (one, other))
    if len(words) != len(others) or len(words) < MIN_PAIR_WORDS:  # scripts without spaces have few
        return False
    exchanged = [pair for pair in zip(words, others, strict=True) if pair[0] != pair[1]]
    return len(exchanged) <= MAX_EXCHANGED and any(starmap(_tell_apart, exchanged))


def _tell_apart(word: str, other: str) -> bool:
    """Whether both words mean something, and are not two forms of one."""
    shorter, longer = sorted((word, other), key=len)
    are_forms = longer.startswith(shorter[:STEM_CHARS])
    return not are_forms and not {word, other} <= STOP_WORDS


def _has_own(text: str, other: str, *, has_names: bool) -> bool:
    """Whether a text holds an exact word that the other does not; `has_names`: or a proper name."""
    known = ExactText(other)
    if any(not known.holds(name) for name in find_code(text)):
        return True
    if has_names and any(not known.holds_stem(name) for name in find_proper_names(text)):
        return True
    return bool(set(_amounts(text)) - set(_amounts(other)))


def _amounts(text: str) -> Iterator[tuple[str, str]]:
    for quantity in (*find_quantities(text), *find_quantities_in_words(text)):
        yield quantity.number, quantity.unit
