from typing import Any

import orjson
import pytest

from engine.library.chat import make_chat_request
from schemas.requests import Json
from tests.rows import each_row

MESSAGES = [{"role": "user", "content": "Who was Ada Lovelace?"}]


def test_equal_questions_about_one_item_are_one_request_and_two_if_they_are_numbered() -> None:
    first = make_chat_request("ada", MESSAGES, model="m", max_output_tokens=50)
    same = make_chat_request("ada", MESSAGES, model="m", max_output_tokens=50, purpose="other")
    second = make_chat_request("ada", MESSAGES, model="m", max_output_tokens=50, ordinal=1)

    assert first.request_id == same.request_id
    assert first.request_id != second.request_id


def test_other_fields_of_the_body_are_sent_and_counted() -> None:
    plain = make_chat_request("ada", MESSAGES, model="m", max_output_tokens=50)
    parameters: dict[str, Json] = {
        "temperature": 0.5,
        "stop": ["the end of all that was said"],
    }

    rich = make_chat_request(
        "ada", MESSAGES, model="m", max_output_tokens=50, parameters=parameters
    )

    body = orjson.loads(rich.payload)
    assert (body["temperature"], body["max_completion_tokens"]) == (0.5, 50)
    assert rich.prompt_tokens > plain.prompt_tokens > 5
    assert rich.max_output_tokens == 50


def test_request_that_may_cost_any_sum_is_refused() -> None:
    with pytest.raises(ValueError, match="max_output_tokens: found 0"):
        make_chat_request("ada", MESSAGES, model="m", max_output_tokens=0)


@each_row(
    "messages, message", [("Hello", "found a str, expected a list"), (["Hello"], "a str among")]
)
def test_text_in_the_place_of_messages_is_named(messages: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        make_chat_request("ada", messages, model="m", max_output_tokens=50)
