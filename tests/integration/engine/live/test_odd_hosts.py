"""What hosts near OpenAI's API answer, as people report it, over real sockets.

Others are answered well before, so that nothing concerns all because nothing else was seen.
"""

import orjson
import pytest
from aiohttp import web

from engine.wire.replies.content import reply_text
from schemas.outcomes import Completed, Failed
from schemas.requests import Json
from tests.integration.engine.live.own_server import Make, as_json, chat, raw, send_odd

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


def choice(**fields: Json) -> web.Response:
    return as_json({"choices": [{"index": 0, "finish_reason": "stop", **fields}], "usage": USED})


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
