from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from jobs.evaluation.judging.shapes import (
    MAX_ITEMS,
    MAX_STRING_CHARS,
    AskedQuestion,
    StatementVerdict,
    strict_schema,
)
from tests.rows import each_row


class Part(BaseModel):
    text: str = "nothing"
    verdict: int


class Whole(BaseModel):
    parts: list[Part] = Field(default_factory=list)
    names: list[str]


def test_every_object_requires_all_its_keys_and_allows_no_other() -> None:
    schema: Any = strict_schema(Whole, is_bounded=False)

    assert schema["required"] == ["parts", "names"]
    assert schema["additionalProperties"] is False
    part = schema["$defs"]["Part"]
    assert part["required"] == ["text", "verdict"]
    assert part["additionalProperties"] is False
    assert "default" not in str(schema)
    assert "maxItems" not in str(schema)


def test_bounded_schema_ends_every_list_and_text() -> None:
    schema = strict_schema(Whole, is_bounded=True)

    assert str(schema).count(f"'maxItems': {MAX_ITEMS}") == 2
    assert str(schema).count(f"'maxLength': {MAX_STRING_CHARS}") == 2


@each_row("word", ["2", "-1", "10", '"2"', "0.5"])
def test_verdict_that_is_neither_0_nor_1_is_none(word: str) -> None:
    with pytest.raises(ValidationError):
        StatementVerdict.model_validate_json(f'{{"statement":"","reason":"","verdict":{word}}}')
    with pytest.raises(ValidationError):
        AskedQuestion.model_validate_json(f'{{"question": "", "noncommittal": {word}}}')


def test_schema_of_a_verdict_is_that_of_an_integer() -> None:
    schema: Any = strict_schema(StatementVerdict, is_bounded=False)

    assert schema["properties"]["verdict"] == {"title": "Verdict", "type": "integer"}
