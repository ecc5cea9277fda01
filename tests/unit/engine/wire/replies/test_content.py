"""JSON that a host or a model wraps in something that others do not."""

import json

from engine.wire.replies.content import json_object, reply_text
from schemas.requests import Json
from tests.rows import each_row

WANTED: dict[str, Json] = {"questions": [{"question": 'What is "x"?'}]}
TEXT = json.dumps(WANTED)


def reply(**message: Json) -> dict[str, Json]:
    choice: Json = {"index": 0, "finish_reason": "tool_calls", "message": message}
    return {"choices": [choice]}


def call(arguments: Json) -> Json:
    return {"id": "1", "type": "function", "function": {"name": "json", "arguments": arguments}}


@each_row("text", [json.dumps(TEXT), f"  {json.dumps(TEXT, indent=1)}\n"])
def test_object_that_was_written_as_a_string_is_read(text: str) -> None:
    assert json_object(text) == WANTED


@each_row("text", ['"a" and {"b": 1} and "c"', '{"a": "}"}'])
def test_quotes_around_other_text_change_nothing(text: str) -> None:
    assert isinstance(json_object(text), dict)


@each_row("arguments", [TEXT, WANTED])
def test_arguments_of_the_only_call_are_the_answer_where_there_is_no_content(
    arguments: Json,
) -> None:
    assert json_object(reply_text(reply(content=None, tool_calls=[call(arguments)]))) == WANTED


@each_row("calls", [None, [], [call(TEXT), call(TEXT)], [call(7)], "f()"])
def test_any_other_call_is_no_answer(calls: Json) -> None:
    assert reply_text(reply(content="", tool_calls=calls)) == ""


def test_content_goes_before_calls() -> None:
    assert reply_text(reply(content="Yes.", tool_calls=[call(TEXT)])) == "Yes."
