"""JSON is asked for in the strictest form that a host takes, over real sockets."""

import asyncio

import orjson
import pytest
from aiohttp import web

from engine.wire.replies.content import json_object, reply_text
from schemas.outcomes import Completed, Failed
from schemas.requests import Json
from tests.integration.engine.live.own_server import Body, as_json, ask, chat, own_server

GOOD = orjson.dumps({"answer": "yes"}).decode()


def form_of(body: Body) -> str:
    return str(body["response_format"]["type"]) if "response_format" in body else "prompt"


def refuse(body: Body) -> web.Response:
    message = f"This response_format type is unavailable now: {form_of(body)}"
    return as_json({"error": {"message": message, "code": "invalid_request_error"}}, 400)


@pytest.mark.parametrize(
    ("taken", "forms"),
    [
        ("json_schema", ["json_schema"]),
        ("json_object", ["json_schema", "json_object"]),
        ("prompt", ["json_schema", "json_object", "prompt"]),
    ],
)
async def test_form_that_a_host_refuses_falls_to_the_next_and_stays_there(
    taken: str, forms: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    def answer(body: Body, number: int) -> web.Response:
        return chat(GOOD) if form_of(body) == taken else refuse(body)

    async with own_server(answer, output="json_schema") as own:
        first = await own.lane.send(ask("a", has_schema=True))
        second = await own.lane.send(ask("b", has_schema=True))

    assert isinstance(first, Completed)
    assert isinstance(second, Completed)
    assert [form_of(body) for body in own.calls] == [*forms, taken]
    assert len(caplog.records) == len(forms) - 1
    assert all("unavailable now" in record.getMessage() for record in caplog.records)


async def test_schema_that_the_host_does_not_see_is_told_in_words() -> None:
    def answer(body: Body, number: int) -> web.Response:
        return chat(GOOD) if form_of(body) == "prompt" else refuse(body)

    async with own_server(answer, output="json_schema") as own:
        await own.lane.send(ask("a", has_schema=True))

    assert '"required":["answer"]' in own.calls[-1]["messages"][0]["content"]


async def test_schema_that_a_host_pays_no_heed_to_is_asked_for_in_another_form() -> None:
    def answer(body: Body, number: int) -> web.Response:
        return chat(GOOD if form_of(body) == "prompt" else "Certainly!")

    async with own_server(answer, output="json_schema") as own:
        outcomes = [await own.lane.send(ask(f"r{n}", has_schema=True)) for n in range(20)]

    assert all(isinstance(outcome, Completed) for outcome in outcomes)
    assert len(own.calls) == 20 + 2
    assert outcomes[0].usage.prompt_tokens == 3 * 10


async def test_host_that_writes_no_json_in_any_form_is_paid_in_vain_for_few() -> None:
    async with own_server(lambda *_: chat("Certainly!"), output="json_schema") as own:
        outcomes = await asyncio.gather(
            *(own.lane.send(ask(f"r{n}", has_schema=True)) for n in range(40))
        )

    assert all(isinstance(outcome, Failed) for outcome in outcomes)
    assert {outcome.code for outcome in outcomes if isinstance(outcome, Failed)} == {
        "malformed_output"
    }
    assert len(own.calls) <= 40 + 2 * 2


async def test_requests_of_the_users_own_go_out_as_they_are() -> None:
    async with own_server(lambda body, _: refuse(body), output=None) as own:
        outcome = await own.lane.send(ask("a", has_schema=True))

    assert isinstance(outcome, Failed)
    assert len(own.calls) == 1


PARTS: Json = [
    {"type": "thinking", "thinking": [{"type": "text", "text": "{no}"}]},
    {"type": "text", "text": GOOD},
]
ANALYSIS = "<|channel|>analysis<|message|>Let me {see}.<|end|>"  # of gpt-oss


@pytest.mark.parametrize(
    ("content", "wrapping"),
    [
        (GOOD, None),
        (PARTS, "list of parts"),
        (f"```json\n{GOOD}\n```\nAnything else?", "``` fence"),
        (f"<think>Let me {{see}}.</think>\n\n{GOOD}", "<think>"),
        (f"I think so.</think>{GOOD}", "<think>"),
        (f"Here it is: {GOOD}", "text around JSON"),
        (f"Of {{this}} I made {GOOD}, not {{}} nor {{that}}.", "text around JSON"),
        (f"[THINK]Let me {{see}}.[/THINK]{GOOD}", "<think>"),
        (f"<thought>Let me {{see}}.</thought>{GOOD}", "<think>"),
        (f"{ANALYSIS}<|start|>assistant<|channel|>final<|message|>{GOOD}<|return|>", "<think>"),
        (f"{ANALYSIS}{GOOD}", "<think>"),
    ],
)
async def test_json_is_read_out_of_what_is_wrapped_around_it_and_counted(
    content: Json, wrapping: str | None
) -> None:
    async with own_server(lambda *_: chat(content), output="json_schema") as own:
        outcome = await own.lane.send(ask("a", has_schema=True))

    assert isinstance(outcome, Completed)
    assert json_object(reply_text(outcome.reply)) == {"answer": "yes"}
    assert own.stats.unwrapped == ({wrapping: 1} if wrapping else {})


async def test_reasoning_that_eats_the_output_limit_is_named_with_the_setting() -> None:
    def answer(body: Body, number: int) -> web.Response:
        limit = body["max_completion_tokens"]
        usage: Json = {
            "prompt_tokens": 10,
            "completion_tokens": limit,
            "completion_tokens_details": {"reasoning_tokens": limit},
        }
        return chat("", finish_reason="length", usage=usage)

    async with own_server(answer, output="json_schema") as own:
        outcome = await own.lane.send(ask("a", has_schema=True))

    assert isinstance(outcome, Failed)
    assert outcome.code == "reasoning_used_up_limit"
    assert "hidden reasoning" in outcome.message
    assert "max_output_tokens of answers" in outcome.message
    assert len(own.calls) == 2
