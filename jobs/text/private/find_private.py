"""Finds, and masks, what should be in no dataset: keys and passwords, what may be personal data.

`rules` are those of `chunks.private_rules`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from jobs.text.private.first_rules import find_by_first_rules
from jobs.text.private.found import Found, joined
from jobs.text.private.issued_keys import find_issued_keys
from jobs.text.private.named_secrets import find_named_secrets
from jobs.text.private.personal_data import find_personal_data

MASK = "x"
FIRST_RULES, PRESENT_RULES = 1, 2


def find_secrets(text: str, *, rules: int = PRESENT_RULES) -> Iterable[Found]:
    """Keys, tokens and passwords; one that is found by its form and by its name is one."""
    if rules == FIRST_RULES:
        return (each for each in find_by_first_rules(text) if each.is_secret)
    return joined(_secrets(text))


def find_private(text: str, language: str | None, *, rules: int = PRESENT_RULES) -> Iterable[Found]:
    """Secrets, and what may be personal data; the language says how phone numbers are written."""
    if rules == FIRST_RULES:
        return find_by_first_rules(text)
    personal = (
        Found(datum.name, False, datum.span.start_char, datum.span.end_char)
        for datum in find_personal_data(text, language)
    )
    return joined((*_secrets(text), *personal))


def _secrets(text: str) -> Iterator[Found]:
    """Those of known forms, then those that the text names."""
    for key in find_issued_keys(text):
        yield Found(key.name, True, key.span.start_char, key.span.end_char)
    for span in find_named_secrets(text):
        yield Found("named secret", True, span.start_char, span.end_char)


class Masked(NamedTuple):
    """The text, as long as before, and how often what was found."""

    text: str
    found: Mapping[str, int]


def mask_secrets(text: str, *, rules: int = PRESENT_RULES) -> Masked:
    """Put an x for each character of a key, token or password that is not white space.

    Positions stay, so that what points into the text goes on to point at the same.
    """
    return _mask(text, find_secrets(text, rules=rules))


def mask_private(text: str, language: str | None, *, rules: int = PRESENT_RULES) -> Masked:
    """The same also for addresses, phone, card, account and personal numbers."""
    return _mask(text, find_private(text, language, rules=rules))


def _mask(text: str, found: Iterable[Found]) -> Masked:
    spans = sorted(found, key=lambda each: (each.start, each.end))
    pieces, end = [], 0
    for span in spans:
        start = max(end, span.start)
        pieces.append(text[end:start])
        pieces.append("".join(char if char.isspace() else MASK for char in text[start : span.end]))
        end = max(end, span.end)
    return Masked("".join([*pieces, text[end:]]), Counter(each.name for each in spans))
