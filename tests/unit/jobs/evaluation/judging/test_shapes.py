from typing import Any

from pydantic import BaseModel, Field

from jobs.evaluation.judging.shapes import MAX_ITEMS, MAX_STRING_CHARS, strict_schema


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
