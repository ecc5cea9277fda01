"""What hosts near OpenAI's API answer, as people report it, over real sockets.

Others are answered well before, so that nothing concerns all because nothing else was seen.
"""

from collections.abc import Callable

import orjson
import pytest
from aiohttp import web

from engine.errors import AuthError, EngineError, QuotaError, RateLimitError, TransientError
from engine.wire.replies.content import reply_text
from schemas.outcomes import Completed, Failed, Outcome
from schemas.requests import Json
from tests.integration.engine.live.own_server import (
    Body,
    as_json,
    ask,
    chat,
    name_of,
    own_server,
    page,
)

Make = Callable[[], web.Response]
WHOLE = b'{"choices":[{"index":0,"message":{"role":"assistant","content":"Yes."}}],"usage":{}}'


def event(choice: Json, **more: Json) -> bytes:
    fields: dict[str, Json] = {"object": "chat.completion.chunk", "choices": [choice], **more}
    return b"data: " + orjson.dumps(fields) + b"\n\n"


def piece(text: str | None, finish_reason: str | None = None, **more: Json) -> bytes:
    delta: Json = {"content": text} if text is not None else {}
    return event({"index": 0, "delta": delta, "finish_reason": finish_reason}, **more)


USED: Json = {"prompt_tokens": 10, "completion_tokens": 5}
ONE: Json = {"finish_reason": "stop", "message": {"content": "Yes."}}
STREAM = piece("") + piece("Ye") + piece("s.") + piece(None, "stop", usage=USED)
DONE = b"data: [DONE]\n\n"


def raw(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="text/event-stream")


def refusal(http_status: int, message: str, **fields: Json) -> web.Response:
    return as_json({"error": {"message": message, **fields}}, http_status)


def choice(**fields: Json) -> web.Response:
    return as_json({"choices": [{"index": 0, "finish_reason": "stop", **fields}], "usage": USED})


class Ended:
    """How a request ended that was answered oddly each time, and how often it was sent."""

    def __init__(self, end: Outcome | EngineError, sent_count: int) -> None:
        self.end = end
        self.sent_count = sent_count


async def send_odd(make: Make) -> Ended:
    def answer(body: Body, _: int) -> web.Response:
        return make() if name_of(body) == "odd" else chat("Yes.")

    async with own_server(answer, max_attempts=2) as own:
        for number in range(3):
            await own.lane.send(ask(f"r{number}"))
        try:
            end: Outcome | EngineError = await own.lane.send(ask("odd"))
        except EngineError as error:
            end = error
        return Ended(end, own.sent("odd"))


PARSED: Json = {"answer": "Yes.", "sure": True}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"type": "text", "text": "Yes."}, "Yes."),
        ({"text": {"value": "Yes."}}, "Yes."),
        ([{"type": "text", "content": "Yes."}], "Yes."),
        (PARSED, '{"answer": "Yes.", "sure": true}'),
        (42, "42"),
        ({}, ""),
    ],
)
async def test_content_that_is_no_text_is_read_as_what_it_stands_for(
    content: Json, text: str
) -> None:
    ended = await send_odd(lambda: choice(message={"role": "assistant", "content": content}))

    assert isinstance(ended.end, Completed)
    assert reply_text(ended.end.reply) == text
    assert ended.sent_count == 1


@pytest.mark.parametrize(
    ("reason", "code"), [("length", "reasoning_used_up_limit"), ("SAFETY", "refused")]
)
async def test_choice_that_was_ended_without_a_message_is_taken_for_what_it_is(
    reason: str, code: str
) -> None:
    usage: Json = {
        "prompt_tokens": 20,
        "total_tokens": 33,
        "completion_tokens_details": {"reasoning_tokens": 13},
    }

    ended = await send_odd(
        lambda: as_json({"choices": [{"finish_reason": reason, "index": 0}], "usage": usage})
    )

    assert isinstance(ended.end, Failed)
    assert ended.end.code == code
    assert ended.end.usage.completion_tokens == 13 * ended.sent_count
    assert not ended.end.is_estimated


@pytest.mark.parametrize("status", [460, 499])
async def test_gateway_that_waited_no_longer_is_asked_again(status: int) -> None:
    ended = await send_odd(lambda: refusal(status, "Client closed request"))

    assert isinstance(ended.end, TransientError)
    assert ended.sent_count == 2


@pytest.mark.parametrize(
    "make",
    [
        lambda: raw(STREAM + DONE),
        lambda: raw(STREAM),
        lambda: raw(piece("Yes.") + DONE),
        lambda: raw(b"data: " + WHOLE + b"\n\n" + DONE),
        lambda: raw(b": PROCESSING\n\n: PROCESSING\n\n" + STREAM),
        lambda: raw(b": PROCESSING\n\n" + WHOLE),
        lambda: choice(delta={"role": "assistant", "content": "Yes."}),
        lambda: choice(text="Yes."),
        lambda: chat("Yes.", finish_reason=""),
        lambda: chat("Yes.", finish_reason="eos"),
        lambda: chat("Yes.", error={"message": "", "code": None}),
        lambda: web.Response(body=WHOLE.decode().encode("utf-16")),
        lambda: web.Response(body=WHOLE.decode().encode("utf-16-le")),
        lambda: web.Response(body=WHOLE.decode().encode("utf-16-be")),
        lambda: as_json({"choices": ONE, "usage": USED}),
        lambda: as_json({"choices": {"0": ONE}, "usage": USED}),
        lambda: choice(message={"content": "", "reasoning_content": "Yes."}),
        lambda: choice(message={"content": None, "reasoning": "Yes."}),
    ],
)
async def test_an_answer_in_another_shape_is_bought_once(make: Make) -> None:
    ended = await send_odd(make)

    assert isinstance(ended.end, Completed)
    assert reply_text(ended.end.reply) == "Yes."
    assert ended.sent_count == 1


async def test_tool_calls_in_pieces_are_put_together() -> None:
    begun: Json = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f"}}
    rest: list[Json] = [{"index": 0, "function": {"arguments": text}} for text in ("{", "}")]
    other: Json = {"index": 1, "id": "call_2", "function": {"name": "g", "arguments": "[]"}}
    deltas: list[Json] = [{"role": "assistant", "content": None}]
    deltas += [{"role": "assistant", "tool_calls": [call]} for call in [begun, *rest, other]]
    pieces = [event({"index": 0, "delta": delta}) for delta in deltas]

    ended = await send_odd(lambda: raw(b"".join(pieces) + piece(None, "tool_calls", usage=USED)))

    assert isinstance(ended.end, Completed)
    match ended.end.reply["choices"]:
        case [{"message": {"tool_calls": [first, second]}}]:
            assert first == {
                "id": "call_1",
                "type": "function",
                "function": {"name": "f", "arguments": "{}"},
            }
            assert second == {"id": "call_2", "function": {"name": "g", "arguments": "[]"}}
        case other_choices:
            pytest.fail(f"{other_choices}")


async def test_choices_in_pieces_are_kept_apart() -> None:
    texts = [("A", 0), ("B", 1), ("a", 0), ("b", 1)]
    pieces = [event({"index": number, "delta": {"content": text}}) for text, number in texts]
    ends = [event({"index": number, "delta": {}, "finish_reason": "stop"}) for number in (0, 1)]

    whole = await send_odd(lambda: raw(b"".join(pieces + ends)))
    broken = await send_odd(lambda: raw(b"".join(pieces + ends[:1])))

    assert isinstance(whole.end, Completed)
    choices = whole.end.reply["choices"]
    assert isinstance(choices, list)
    assert [reply_text({"choices": [each]}) for each in choices] == ["Aa", "Bb"]
    assert isinstance(broken.end, Failed)


@pytest.mark.parametrize(
    ("finish_reason", "more"),
    [("length", {}), ("tool_calls", {}), ("stop", {"tool_calls": [{"type": "function"}]})],
)
def test_reasoning_without_an_answer_is_none(finish_reason: str, more: dict[str, Json]) -> None:
    message: Json = {"content": None, "reasoning_content": "Let me think", **more}

    text = reply_text({"choices": [{"finish_reason": finish_reason, "message": message}]})

    assert text == ""


@pytest.mark.parametrize(
    ("make", "code", "sent_count"),
    [
        (lambda: raw(piece("Ye")), "malformed_reply", 2),  # a stream that breaks off
        (lambda: chat("Ye", finish_reason="MAX_TOKENS"), "truncated", 2),
        (lambda: chat("Ye", finish_reason="model_length"), "truncated", 2),
        (lambda: chat("", finish_reason="SAFETY"), "refused", 1),
        (lambda: chat("", finish_reason="sensitive"), "refused", 1),
        (lambda: chat("Ye", finish_reason="error"), "malformed_reply", 2),
        (lambda: chat("Ye", finish_reason="abort"), "malformed_reply", 2),
    ],
)
async def test_an_answer_that_is_none_is_not_taken_for_one(
    make: Make, code: str, sent_count: int
) -> None:
    ended = await send_odd(make)

    assert isinstance(ended.end, Failed)
    assert ended.end.code == code
    assert ended.sent_count == sent_count


@pytest.mark.parametrize(
    ("make", "status"),
    [
        (lambda: refusal(200, "Slow down", code="rate_limit_exceeded"), 429),
        (lambda: refusal(200, "Too many requests"), 429),
        (lambda: refusal(200, "The server had an error", type="server_error"), 500),
        (lambda: refusal(200, "Overloaded", type="overloaded_error"), 503),
        (lambda: as_json({"code": 1302, "msg": "Rate limit reached", "success": False}), 429),
        (lambda: as_json({"base_resp": {"status_code": 1002, "status_msg": "rate limit"}}), 429),
        (lambda: raw(b'data: {"error":{"message":"Provider is overloaded"}}\n\n'), 503),
        (lambda: chat("", finish_reason="insufficient_system_resource"), 502),
        (lambda: chat("Ye", finish_reason="", error={"message": "x", "code": 502}), 502),
    ],
)
async def test_an_error_of_the_host_within_a_200_writes_no_request_off(
    make: Make, status: int
) -> None:
    ended = await send_odd(make)

    assert isinstance(ended.end, TransientError)
    assert ended.end.status == status
    assert isinstance(ended.end, RateLimitError) == (status == 429)
    assert ended.sent_count == 2


@pytest.mark.parametrize(
    "make",
    [
        lambda: refusal(400, "Budget has been exceeded! Max budget: 1.0", type="budget_exceeded"),
        lambda: refusal(429, "Budget has been exceeded! Max budget: 1.0"),
        lambda: refusal(400, "Your account is not in good standing", code="Arrearage"),
        lambda: refusal(400, "Your credit balance is too low to access the API."),
        lambda: refusal(429, "Insufficient balance. Please recharge.", code="1113"),
        lambda: refusal(429, "Your account is suspended", type="exceeded_current_quota_error"),
        lambda: as_json({"code": 30001, "message": "the balance is insufficient"}, 403),
        lambda: refusal(402, "Payment required"),
        lambda: refusal(429, "Please check your billing details", code="billing_not_active"),
        lambda: refusal(429, "Your account is not active, please check your billing details"),
    ],
)
async def test_an_empty_account_ends_the_run_and_writes_no_request_off(make: Make) -> None:
    ended = await send_odd(make)

    assert isinstance(ended.end, QuotaError)
    assert ended.sent_count == 1


async def test_a_limit_that_is_worded_like_an_empty_account_is_waited_for() -> None:
    words = "You exceeded your current quota, please check your plan and billing details. Retry."

    ended = await send_odd(lambda: refusal(429, words, code="RESOURCE_EXHAUSTED"))

    assert isinstance(ended.end, RateLimitError)


@pytest.mark.parametrize(
    "words",
    [
        "Your input was flagged for violence. No credits were charged.",
        "The prompt was flagged: insufficient balance of viewpoints",
    ],
)
async def test_a_flagged_input_that_speaks_of_money_concerns_itself_alone(words: str) -> None:
    ended = await send_odd(lambda: refusal(403, words))

    assert isinstance(ended.end, Failed)
    assert ended.end.status == 403


async def test_a_proxy_that_wants_a_login_ends_the_run() -> None:
    ended = await send_odd(lambda: page(407))

    assert isinstance(ended.end, AuthError)
    assert "the proxy wants a login" in str(ended.end)
