from typing import Any

import pytest

from tests.openai_server import ModelCard, Reply
from tests.openai_server.errors import ApiError
from tests.openai_server.paid.api import Answer, PaidCall
from tests.openai_server.paid.chat import ChatCompletions
from tests.openai_server.replies import default_reply
from tests.rows import each_row

MODEL = ModelCard(id="gpt-6-luna")


def body(text: str = "Hello there", **more: Any) -> dict[str, Any]:
    return {"model": MODEL.id, "messages": [{"role": "user", "content": text}], **more}


def answer_of(
    chat: ChatCompletions, asked: dict[str, Any], number: int, model: ModelCard = MODEL
) -> Answer:
    found = chat.look_up(asked, model)
    return chat.answer(PaidCall(asked, model, number, "s", found))


def test_reserve_is_prompt_and_every_choice_at_its_limit() -> None:
    chat = ChatCompletions(default_reply)

    assert chat.reserved_tokens(body("x" * 40, max_completion_tokens=100, n=3), MODEL) == 314


def test_reply_beyond_the_output_limit_is_cut_with_finish_reason_length() -> None:
    chat = ChatCompletions(lambda body, number: Reply("word " * 100))

    answer = answer_of(chat, body(max_completion_tokens=10), 1)

    (choice,) = answer.payload["choices"]
    assert choice["finish_reason"] == "length"
    assert len(choice["message"]["content"]) == 40
    assert answer.completion_tokens == 10


def test_choices_of_one_request_have_different_texts() -> None:
    chat = ChatCompletions(default_reply)

    choices = answer_of(chat, body(n=3), 1).payload["choices"]

    assert len({choice["message"]["content"] for choice in choices}) == 3


def test_usage_is_the_responders_where_it_names_one() -> None:
    reply = Reply("x", prompt_tokens=11, completion_tokens=7, cached_tokens=5)
    chat = ChatCompletions(lambda body, number: reply)

    usage = answer_of(chat, body(), 1).payload["usage"]

    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (
        11,
        7,
        18,
    )
    assert usage["prompt_tokens_details"]["cached_tokens"] == 5


def test_long_shared_prefix_is_cached_in_steps() -> None:
    chat = ChatCompletions(default_reply)
    shared = "s" * (4 * 1_024 + 4 * 128 + 100)

    first = answer_of(chat, body(shared + "one"), 1)
    second = answer_of(chat, body(shared + "two"), 2)
    short = answer_of(chat, body("s" * 4_000), 3)

    assert (first.cached_tokens, second.cached_tokens, short.cached_tokens) == (0, 1_152, 0)


WRITING = MODEL.model_copy(update={"charges_cache_writes": True})


def marked(*texts: str, tail: str, key: str = "k") -> dict[str, Any]:
    """A prompt with a breakpoint behind each of `texts`, and none at its end."""
    mark = {"prompt_cache_breakpoint": {"mode": "explicit"}}
    parts: list[dict[str, Any]] = [{"type": "text", "text": text, **mark} for text in texts]
    messages = [{"role": "user", "content": [*parts, {"type": "text", "text": tail}]}]
    options = {"prompt_cache_options": {"mode": "explicit"}, "prompt_cache_key": key}
    return {"model": MODEL.id, "messages": messages, **options}


def test_model_that_charges_writes_reads_at_breakpoints_alone() -> None:
    chat = ChatCompletions(default_reply)
    system, chunk = "s" * 4 * 1_100, "c" * 4 * 500

    first = answer_of(chat, marked(system, chunk, tail="one"), 1, WRITING)
    sibling = answer_of(chat, marked(system, chunk, tail="two"), 2, WRITING)
    stranger = answer_of(chat, marked(system, "d" * 4 * 500, tail="three"), 3, WRITING)
    unmarked = answer_of(chat, body(system + chunk + "four"), 4, WRITING)

    uses = [(each.cached_tokens, each.cache_write_tokens) for each in (first, sibling, stranger)]
    assert uses == [(0, 1_600), (1_600, 0), (1_100, 500)]
    assert (unmarked.cached_tokens, unmarked.cache_write_tokens) == (0, 1_601)


def test_cache_of_another_key_is_another_machine_and_short_prefixes_are_not_kept() -> None:
    chat = ChatCompletions(default_reply)
    system = "s" * 4 * 1_100

    answer_of(chat, marked(system, tail="one"), 1, WRITING)
    elsewhere = answer_of(chat, marked(system, tail="two", key="other"), 2, WRITING)
    short = answer_of(chat, marked("s" * 400, tail="three"), 3, WRITING)

    assert (elsewhere.cached_tokens, elsewhere.cache_write_tokens) == (0, 1_100)
    assert (short.cached_tokens, short.cache_write_tokens) == (0, 0)


def test_request_that_arrives_before_the_first_is_answered_writes_as_well() -> None:
    chat = ChatCompletions(default_reply)
    asked = marked("s" * 4 * 1_100, tail="one")

    first, second = chat.look_up(asked, WRITING), chat.look_up(asked, WRITING)
    chat.answer(PaidCall(asked, WRITING, 1, "s", first))
    third = chat.look_up(asked, WRITING)

    assert (first.written_tokens, second.written_tokens, third.written_tokens) == (1_100, 1_100, 0)
    assert third.read_tokens == 1_100


@each_row(
    "fault, finish_reason, has_refusal",
    [
        ("length", "length", False),
        ("content_filter", "content_filter", False),
        ("refusal", "stop", True),
    ],
)
def test_answers_are_spoilt_but_billed(fault: Any, finish_reason: str, has_refusal: bool) -> None:
    chat = ChatCompletions(default_reply)
    answer = answer_of(chat, body(), 1)

    spoilt = chat.spoil(answer, fault)

    (choice,) = spoilt.payload["choices"]
    assert choice["finish_reason"] == finish_reason
    assert (choice["message"]["refusal"] is not None) == has_refusal
    assert spoilt.completion_tokens == answer.completion_tokens > 0


def strict_schema(**changes: Any) -> dict[str, Any]:
    part: dict[str, Any] = {
        "type": "object",
        "properties": {"b": {"type": "null"}},
        "required": ["b"],
    }
    part["additionalProperties"] = False
    schema: dict[str, Any] = {"type": "object", "properties": {"a": part}, "required": ["a"]}
    schema |= {"additionalProperties": False, **changes}
    return {"type": "json_schema", "json_schema": {"name": "r", "strict": True, "schema": schema}}


@each_row(
    "wrong, code",
    [
        ({"messages": []}, "invalid_value"),
        ({"messages": [{"content": "x"}]}, "invalid_value"),
        ({"messages": [{"role": "user", "content": 5}]}, "invalid_value"),
        ({"n": 0}, "invalid_value"),
        ({"max_completion_tokens": "9"}, "invalid_value"),
        ({"max_completion_tokens": 128_000}, "context_length_exceeded"),
        ({"response_format": strict_schema(type="array")}, "invalid_json_schema"),
        ({"response_format": strict_schema(required=[])}, "invalid_json_schema"),
        ({"response_format": strict_schema(additionalProperties=True)}, "invalid_json_schema"),
    ],
)
def test_wrong_bodies_are_refused_with_their_code(wrong: dict[str, Any], code: str) -> None:
    with pytest.raises(ApiError) as refused:
        ChatCompletions(default_reply).reserved_tokens(body() | wrong, MODEL)

    assert (refused.value.status, refused.value.code) == (400, code)


def test_sound_strict_schema_is_accepted() -> None:
    chat = ChatCompletions(default_reply)

    assert chat.reserved_tokens(body(response_format=strict_schema()), MODEL) > 0


def test_reasoning_model_refuses_temperature() -> None:
    model = ModelCard(id="thinker", accepts_temperature=False)

    with pytest.raises(ApiError) as refused:
        ChatCompletions(default_reply).reserved_tokens(body(temperature=0.2), model)

    assert refused.value.code == "unsupported_value"
