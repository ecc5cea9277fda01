"""Why a text was found wanting."""

from typing import NamedTuple


class Fault(NamedTuple):
    """The reason for a drop and, where something was measured, the score and its threshold."""

    reason: str
    score: float | None = None
    threshold: float | None = None
