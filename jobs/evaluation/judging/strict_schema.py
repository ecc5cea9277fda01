"""The JSON schema of a reply, as structured outputs take it."""

from functools import cache

from pydantic import BaseModel

from schemas.requests import Json

MAX_STRING_CHARS = 160
MAX_ITEMS = 4


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
