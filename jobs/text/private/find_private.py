"""Finds, and masks, what should be in no dataset: keys and passwords, what may be personal data."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from jobs.text.private.issued_keys import find_issued_keys
from jobs.text.private.named_secrets import find_named_secrets
from jobs.text.private.personal_data import find_personal_data

MASK = "x"


class Found(NamedTuple):
    """What was found: its name, whether it is a secret, and where it stands in the text."""

    name: str
    is_secret: bool
    start: int
    end: int


def find_secrets(text: str) -> Iterator[Found]:
    """Keys, tokens and passwords: those of known forms, then those that the text names."""
    for key in find_issued_keys(text):
        yield Found(key.name, True, key.span.start_char, key.span.end_char)
    for span in find_named_secrets(text):
        yield Found("named secret", True, span.start_char, span.end_char)


def find_private(text: str, language: str | None) -> Iterator[Found]:
    """Secrets, then what may be personal data; the language says how phone numbers are written."""
    yield from find_secrets(text)
    for datum in find_personal_data(text, language):
        yield Found(datum.name, False, datum.span.start_char, datum.span.end_char)


class Masked(NamedTuple):
    """The text, as long as before, and how often what was found."""

    text: str
    found: Mapping[str, int]


def mask_secrets(text: str) -> Masked:
    """Put an x for each character of a key, token or password that is not white space.

    Positions stay, so that what points into the text goes on to point at the same.
    """
    return _mask(text, find_secrets(text))


def mask_private(text: str, language: str | None) -> Masked:
    """The same also for addresses, phone, card, account and personal numbers."""
    return _mask(text, find_private(text, language))


def _mask(text: str, found: Iterator[Found]) -> Masked:
    spans = sorted(found, key=lambda each: (each.start, each.end))
    pieces, end = [], 0
    for span in spans:
        start = max(end, span.start)
        pieces.append(text[end:start])
        pieces.append("".join(char if char.isspace() else MASK for char in text[start : span.end]))
        end = max(end, span.end)
    return Masked("".join([*pieces, text[end:]]), Counter(each.name for each in spans))
