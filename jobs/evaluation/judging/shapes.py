"""The shapes of the judge's replies, and their JSON schemas as structured outputs take them."""

from functools import cache
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from schemas.requests import Json

MAX_STRING_CHARS = 160
MAX_ITEMS = 4

Better = Literal["first", "second", "tie"]


def _zero_or_one(value: int) -> int:
    if value not in (0, 1):
        raise ValueError("is neither 0 nor 1")
    return value


# The schema, which is part of requests, stays that of an integer: ragas asks for one.
ZeroOrOne = Annotated[int, AfterValidator(_zero_or_one)]


class _Reply(BaseModel):
    model_config = ConfigDict(frozen=True, defer_build=True)


class AskedQuestion(_Reply):
    """The question that an answer replies to, and whether it commits to nothing (1) or not (0)."""

    question: str
    noncommittal: ZeroOrOne


class Statements(_Reply):
    """The statements of an answer."""

    statements: list[str]


class StatementVerdict(_Reply):
    """Whether a statement follows from the excerpt (1) or not (0)."""

    statement: str
    reason: str
    verdict: ZeroOrOne


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


@cache
def strict_schema(shape: type[BaseModel], *, is_bounded: bool) -> dict[str, Json]:
    """Every key required and no other allowed (OpenAI guide on structured outputs).

    Bounded, every string and list has an end, for models that otherwise find none.
    """
    schema: dict[str, Json] = shape.model_json_schema()
    strict = _strict(schema, is_bounded)
    assert isinstance(strict, dict)
    return strict


def _strict(node: Json, is_bounded: bool) -> Json:
    if isinstance(node, list):
        return [_strict(each, is_bounded) for each in node]
    if not isinstance(node, dict):
        return node
    strict = {key: _strict(value, is_bounded) for key, value in node.items() if key != "default"}
    match strict:
        case {"type": "object", "properties": dict(properties)}:
            strict |= {"required": list(properties), "additionalProperties": False}
        case {"type": "array"} if is_bounded:
            strict["maxItems"] = MAX_ITEMS
        case {"type": "string"} if is_bounded:
            strict["maxLength"] = MAX_STRING_CHARS
    return strict
