"""Valid instances of a JSON schema, deterministic in a seed, about a text source."""

import random
from collections.abc import Mapping
from typing import Any

from tests.openai_server.paid.texts import Focus, TextSource, question, statement

Schema = Mapping[str, Any]

_DEPTH = 8  # beyond it recursion is ended: no optional keys, shortest arrays, first leaf of anyOf
_NUMBERS = ("pair", "question_number")  # keys of what is counted from 1 in a list of objects
_SPREAD = 1_000  # how far above its minimum an unbounded number may lie


class SchemaInstances:
    """Makes instances of one root schema. Honours what strict structured outputs know:

    type, enum, const, $ref, anyOf, oneOf, allOf of one, required, numeric ranges, multipleOf, item
    counts and string lengths. `pattern` and `format` are not honoured.
    """

    def __init__(self, root: Schema, source: TextSource, uniform: random.Random) -> None:
        self._root = root
        self._source = source
        self._random = uniform

    def make(self) -> Any:
        """An instance of the root schema."""
        return self._value(self._root, "", self._source.focus(), 0)

    def _value(self, schema: Schema, name: str, focus: Focus, depth: int) -> Any:
        if "$ref" in schema:
            return self._value(self._resolve(schema["$ref"]), name, focus, depth + 1)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._chosen(schema["enum"], focus)
        for keyword in ("anyOf", "oneOf", "allOf"):
            if keyword in schema:
                return self._value(self._branch(schema[keyword], depth), name, focus, depth + 1)
        return self._typed(schema, name, focus, depth)

    def _typed(self, schema: Schema, name: str, focus: Focus, depth: int) -> Any:
        match _type_of(schema):
            case "object":
                return self._object(schema, focus, depth)
            case "array":
                return self._array(schema, name, focus, depth)
            case "string":
                return self._string(schema, name, focus)
            case "integer":
                return self._integer(schema, focus)
            case "number":
                return self._number(schema)
            case "boolean":
                return self._random.random() < 0.5
            case _:
                return None

    def _object(self, schema: Schema, focus: Focus, depth: int) -> dict[str, Any]:
        required = schema.get("required", ())
        return {
            name: self._value(part, name, focus, depth + 1)
            for name, part in schema.get("properties", {}).items()
            if name in required or depth < _DEPTH
        }

    def _array(self, schema: Schema, name: str, focus: Focus, depth: int) -> list[Any]:
        items = schema.get("items", {"type": "string"})
        low = schema.get("minItems", 0)
        high = low if depth >= _DEPTH else schema.get("maxItems", max(low, 3))
        count = self._random.randint(min(max(low, 1), high), high)
        if _type_of(self._dereferenced(items)) == "object":
            focuses = self._source.focuses(count)
            made = [self._value(items, name, each, depth + 1) for each in focuses]
            for number, each in enumerate(made, start=1):
                each.update({key: number for key in _NUMBERS if key in each})
            return made
        values = [self._value(items, name, focus, depth + 1) for _ in range(count)]
        if focus.number is not None and focus.other is not None:
            return [focus.number, focus.other]
        if focus.number is not None:  # evidence names a sentence once
            return (list(dict.fromkeys(values)) + values)[: max(low, len(set(values)))]
        return values

    def _string(self, schema: Schema, name: str, focus: Focus) -> str:
        make = question if "question" in name.lower() else statement
        text = make(focus, self._random)
        while len(text) < schema.get("minLength", 0):
            text += " " + statement(focus, self._random)
        longest = schema.get("maxLength")
        if longest is None or len(text) <= longest:
            return text
        return text[: longest - 1] + text[-1] if longest else ""

    def _integer(self, schema: Schema, focus: Focus) -> int:
        low = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
        high = schema.get("maximum", schema.get("exclusiveMaximum", low + _SPREAD + 1) - 1)
        step = schema.get("multipleOf", 1)
        if step == 1 and focus.number is not None and low <= focus.number <= high:
            return focus.number
        return int(self._random.randint(-(-int(low) // step), int(high) // step) * step)

    def _number(self, schema: Schema) -> float:
        low = float(schema.get("minimum", schema.get("exclusiveMinimum", 0)))
        high = float(schema.get("maximum", schema.get("exclusiveMaximum", low + 1)))
        return round(low + (high - low) * self._random.uniform(0.1, 0.9), 6)

    def _chosen(self, values: list[Any], focus: Focus) -> Any:
        if focus.number is not None and focus.number in values:
            return focus.number
        return self._random.choice(values)

    def _branch(self, branches: list[Schema], depth: int) -> Schema:
        if depth < _DEPTH:
            return self._random.choice(branches)
        return next((b for b in branches if _type_of(b) not in ("object", "array")), branches[0])

    def _dereferenced(self, schema: Schema) -> Schema:
        return self._resolve(schema["$ref"]) if "$ref" in schema else schema

    def _resolve(self, reference: str) -> Schema:
        schema: Schema = self._root
        for step in reference.removeprefix("#").split("/")[1:]:
            schema = schema[step]
        return schema


def _type_of(schema: Schema) -> str | None:
    kind: str | list[str] | None = schema.get("type")
    if isinstance(kind, list):
        return next((each for each in kind if each != "null"), "null")
    if kind is None and ("properties" in schema or "$ref" in schema):
        return "object"
    return kind
