"""Tells values that were drawn at random from names that are made of words."""

import re
from itertools import pairwise

SHORTEST = 16  # a shorter one is too easily a name
_RUN = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}")
_VOWELS = frozenset("aeiouyAEIOUY")
_MIN_VOWELS = 0.25  # of a word
_MAX_WORDS = 0.75  # of all letters
_PART = re.compile(r"[A-Za-z0-9]+")
_ALL_CLASSES = 3  # small letters, large ones, digits
# Of two neighbours in random letters and digits six in ten are of different classes; in hex, and
# in small letters with digits, four in ten. In names of words and versions it is one in four.
_MIN_CHANGES = 0.4
_MIN_CHANGES_OF_TWO = 0.25
_MIN_CHANGES_OF_SHORT = 0.5


def looks_random(value: str, *, is_short_enough: bool = False) -> bool:
    """Whether letters and digits change as often as where each was drawn.

    Of SHORTEST characters or more, digits among them. With `is_short_enough` a shorter one counts
    if it has letters of both cases and digits.
    """
    parts = _PART.findall(value)
    classes = {_class(char) for part in parts for char in part}
    pairs = [_class(a) != _class(b) for part in parts for a, b in pairwise(part)]
    if "digit" not in classes or not pairs or _share_of_words(value) > _MAX_WORDS:
        return False
    changes = sum(pairs) / len(pairs)
    if len(value) < SHORTEST:
        is_mixed = len(classes) == _ALL_CLASSES
        return is_short_enough and is_mixed and changes >= _MIN_CHANGES_OF_SHORT
    return changes >= (_MIN_CHANGES if len(classes) == _ALL_CLASSES else _MIN_CHANGES_OF_TWO)


def _share_of_words(value: str) -> float:
    """Which share of the letters is in runs that could be spoken."""
    letter_count = sum(char.isalpha() for char in value)
    runs = _RUN.findall(value)
    words = [run for run in runs if sum(c in _VOWELS for c in run) >= _MIN_VOWELS * len(run)]
    return sum(map(len, words)) / max(1, letter_count)


def _class(char: str) -> str:
    if char.isdigit():
        return "digit"
    return "large" if char.isupper() else "small"
