import random
from typing import Any

from tests.openai_server.paid.schema_instances import SchemaInstances
from tests.openai_server.paid.texts import PromptWords
from tests.rows import each_row


def instances(schema: dict[str, Any], count: int = 50) -> list[Any]:
    made = []
    for seed in range(count):
        uniform = random.Random(seed)
        made.append(SchemaInstances(schema, PromptWords("", uniform), uniform).make())
    return made


def test_integers_keep_their_range_and_step() -> None:
    made = instances({"type": "integer", "minimum": 3, "maximum": 9, "multipleOf": 3})

    assert set(made) == {3, 6, 9}


def test_exclusive_bounds_are_outside() -> None:
    made = instances({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 4})

    assert set(made) == {2, 3}


def test_arrays_keep_their_item_counts() -> None:
    made = instances(
        {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 4}, 200
    )

    assert {len(value) for value in made} == {2, 3, 4}


def test_strings_keep_their_lengths() -> None:
    made = instances({"type": "string", "minLength": 190, "maxLength": 200})

    assert all(190 <= len(text) <= 200 for text in made)


@each_row(
    "schema, allowed",
    [
        ({"enum": ["a", 7, None]}, ["a", 7, None]),
        ({"const": "x"}, ["x"]),
        ({"type": "boolean"}, [True, False]),
        ({"type": "null"}, [None]),
        ({"anyOf": [{"const": 1}, {"const": 2}]}, [1, 2]),
    ],
)
def test_choices_are_among_the_allowed(schema: dict[str, Any], allowed: list[Any]) -> None:
    made = instances(schema)

    assert all(value in allowed for value in made)
    assert all(value in made for value in allowed)


def test_type_list_with_null_is_the_other_type() -> None:
    assert all(isinstance(value, str) for value in instances({"type": ["string", "null"]}))


def test_references_lead_to_definitions() -> None:
    schema = {
        "type": "object",
        "properties": {"verdicts": {"type": "array", "items": {"$ref": "#/$defs/Verdict"}}},
        "required": ["verdicts"],
        "$defs": {
            "Verdict": {
                "type": "object",
                "properties": {"reason": {"type": "string"}, "verdict": {"enum": [0, 1]}},
                "required": ["reason", "verdict"],
            }
        },
    }

    for made in instances(schema):
        assert 1 <= len(made["verdicts"]) <= 3
        assert all(verdict["verdict"] in (0, 1) for verdict in made["verdicts"])


def test_instance_of_a_recursive_schema_ends() -> None:
    schema = {
        "type": "object",
        "properties": {
            "next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
            "children": {"type": "array", "items": {"$ref": "#"}},
        },
        "required": ["next", "children"],
    }

    assert len(instances(schema)) == 50
