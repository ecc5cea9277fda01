"""Takes keys and personal data out of a text without moving anything else in it."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from jobs.text.secrets import find_secrets

MASK = "x"


class Masked(NamedTuple):
    """The text, as long as before, and how often what was found."""

    text: str
    found: Mapping[str, int]


def mask_private(text: str, *, is_personal: bool) -> Masked:
    """Put an x for each character of a key, token or password that is not white space.

    With `is_personal` also of addresses, phone, card and account numbers. Positions stay, so that
    what points into the text goes on to point at the same.
    """
    spans = [each for each in find_secrets(text) if each.is_secret or is_personal]
    pieces, end = [], 0
    for span in sorted(spans, key=lambda each: (each.start, each.end)):
        start = max(end, span.start)
        pieces.append(text[end:start])
        pieces.append("".join(char if char.isspace() else MASK for char in text[start : span.end]))
        end = max(end, span.end)
    return Masked("".join([*pieces, text[end:]]), Counter(each.name for each in spans))
