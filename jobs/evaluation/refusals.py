"""Tells whether an answer says that it cannot answer."""

import re

from jobs.text.english_phrases import NON_ANSWER

OPENING_CHARS = 300  # a refusal is said at once; what is said later is a reservation

_SOURCE = r"(?:text|excerpt|passage|context|information|material)s?"
_GIVEN = r"(?:given |provided |above |available )?"
_REFUSAL = re.compile(
    rf"\b(?:the|this|these) {_GIVEN}{_SOURCE}(?: above| given| provided)?"
    r" (?:(?:does|do|did) not|(?:does|do|did)n['\u2019]t) (?:\w+ly )?"
    r"(?:contain|include|hold|have|answer|address|cover|say|tell|reveal|mention)\b"
    r"|\b(?:is|are|was|were) not (?:\w+ly )?(?:mentioned|stated|given|covered|contained|found"
    rf"|described|answered|provided|specified|included) (?:in|by) (?:the|this) {_GIVEN}{_SOURCE}\b"
    r"|\bquestion (?:can(?:not|['\u2019]t| not)) be answered\b",
    re.IGNORECASE,
)


def is_refusal(text: str) -> bool:
    """Whether an answer begins by saying that it has none; read in English alone.

    A correction of what the question takes for granted is an answer.
    """
    opening = text[:OPENING_CHARS]
    return bool(NON_ANSWER.search(opening) or _REFUSAL.search(opening))
