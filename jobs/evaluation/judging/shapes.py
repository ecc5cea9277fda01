"""The shapes of the judge's replies."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Better = Literal["first", "second", "tie"]


class _Reply(BaseModel):
    model_config = ConfigDict(frozen=True, defer_build=True)


class AskedQuestion(_Reply):
    """The question that an answer replies to, and whether it commits to nothing (1) or not (0)."""

    question: str
    noncommittal: int


class Statements(_Reply):
    """The statements of an answer."""

    statements: list[str]


class StatementVerdict(_Reply):
    """Whether a statement follows from the excerpt (1) or not (0)."""

    statement: str
    reason: str
    verdict: int


class StatementVerdicts(_Reply):
    """The verdict on each statement."""

    statements: list[StatementVerdict]


class ClaimVerdict(_Reply):
    """What an answer makes of a claim of the reference; `extra`: only the answer makes it."""

    claim: str
    reason: str
    verdict: Literal["right", "wrong", "missing", "extra"]


class ClaimVerdicts(_Reply):
    """The verdict on each claim."""

    claims: list[ClaimVerdict]


class Preference(_Reply):
    """Which of two answers is better."""

    reason: str
    better: Better = Field(description="the better answer, or tie")
