"""Translates HTTP responses into replies or our errors; no other module does."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import orjson

from engine.clock import Clock
from engine.errors import (
    REASONING_LIMIT,
    REFUSED,
    TRUNCATED,
    EngineError,
    MalformedReplyError,
    OverloadError,
)
from engine.wire.endpoints import Endpoint
from engine.wire.lenient_json import NotJsonError, dump_json, parse_json
from engine.wire.replies.content import reasoning_tokens, reply_text
from engine.wire.replies.odd_shapes import has_message, read_events, with_messages
from engine.wire.replies.problems import (
    error_fields,
    error_of,
    problem_in,
    read_problem,
    stated_problem,
)
from engine.wire.server_text import plain_code
from schemas.requests import CHAT_COMPLETIONS, Json, Url

Ending = Literal["complete", "length", "refused"]


CUT_OFF = frozenset({"length", "max_tokens", "model_length", "model_context_window_exceeded"})
FILTERED = frozenset(  # OpenAI's word, and those that hosts of Gemini, Zhipu and others pass on
    {
        "content_filter",
        "content_filtered",
        "safety",
        "recitation",
        "prohibited_content",
        "blocklist",
        "sensitive",
        "refusal",
    }
)

BROKEN_OFF = frozenset({"error", "abort", "aborted", "cancelled", "canceled", "timeout"})
OF_THE_HOST = frozenset({"insufficient_system_resource", "network_error"})  # DeepSeek, Zhipu
NOT_ENDED = ("none", "", *BROKEN_OFF, *OF_THE_HOST)


class HttpResponse(NamedTuple):
    """The HTTP response to one attempt, of any status."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class UselessReply(NamedTuple):
    """Why a reply that was paid for is no answer: a code and a message."""

    code: str
    message: str


class SoundReply(NamedTuple):
    """A reply that is what the API defines: its parsed body, and its bytes on one line.

    Plain: one choice that holds a text, and ended as it should.
    """

    body: dict[str, Json]
    raw: bytes
    is_plain: bool = False


def read_reply(response: HttpResponse, url: Url, endpoint: Endpoint, clock: Clock) -> SoundReply:
    """The reply in a response to a request for `url`.

    Raises:
        MalformedReplyError: it is no reply and names no error.
        RequestError, TransientError, FatalError: by status and code, as the errors say.
    """
    if not 200 <= response.status < 300:
        raise read_error(response, endpoint, clock)
    data = response.body
    try:
        reply: Json = orjson.loads(data)
    except orjson.JSONDecodeError:
        reply = None
    if type(reply) is dict:  # newlines are white space then: the fast parser takes no others
        raw = data if b"\n" not in data and b"\r" not in data else _on_one_line(data)
        if url == CHAT_COMPLETIONS and is_plain(reply):
            return SoundReply(reply, raw, is_plain=True)
    else:
        reply, raw = _parse_odd_body(response, reply, endpoint)
    try:
        body = check_reply(reply, url, endpoint)
    except MalformedReplyError as error:
        error.raw = response.body
        raise
    return SoundReply(body, raw if body is reply else dump_json(body))


def is_plain(reply: dict[str, Json]) -> bool:
    """Whether a reply is what most are, so that nothing of what others may be is looked for."""
    choices = reply.get("choices")
    if type(choices) is not list or len(choices) != 1 or type(choices[0]) is not dict:
        return False
    choice = choices[0]
    message = choice.get("message")
    return (
        choice.get("finish_reason") == "stop"
        and type(message) is dict
        and type(text := message.get("content")) is str
        and text != ""
        and "<" not in text
        and not message.get("refusal")
        and not choice.get("error")
    )


def _on_one_line(data: bytes) -> bytes:
    return data.replace(b"\n", b" ").replace(b"\r", b" ")


class _Parsed(NamedTuple):
    value: Json
    on_one_line: bytes


def _parse_odd_body(response: HttpResponse, value: Json, endpoint: Endpoint) -> _Parsed:
    """The JSON value of a body that is no object as it stands; None: the fast parser refused it."""
    body = response.body
    if value is not None and not isinstance(value, str):
        return _Parsed(value, _on_one_line(body))
    try:
        value = parse_json(value.encode() if isinstance(value, str) else body)  # encoded twice
    except NotJsonError:
        if (value := read_events(body)) is not None:
            return _Parsed(value, dump_json(value))
        what = "an empty body" if not body.strip() else "a body that is not JSON"
        if encoding := response.headers.get("Content-Encoding"):
            what += f" (packed as {plain_code(encoding)}, which was not asked for)"
        raise _malformed(endpoint, what, raw=body) from None
    return _Parsed(value, dump_json(value))


def billed_body(response: HttpResponse) -> dict[str, Json] | None:
    """The body of a response that is no valid reply, but reports usage and so was billed."""
    if not 200 <= response.status < 300:
        return None
    try:
        body = parse_json(response.body)
    except NotJsonError:
        return None
    return body if isinstance(body, dict) and isinstance(body.get("usage"), dict) else None


def check_reply(reply: Json, url: Url, endpoint: Endpoint) -> dict[str, Json]:
    """The body of a good response, if it is one.

    Raises:
        MalformedReplyError: it is not what is asked for at `url`, and names no error.
        RequestError, TransientError, FatalError: an error object within a response of status 200.
    """
    if isinstance(reply, list) and len(reply) == 1:  # as some gateways wrap errors
        reply = reply[0]
    if not isinstance(reply, dict):
        raise _malformed(endpoint, f"JSON of type {type(reply).__name__}, not an object")
    reply = _with_empty_messages(with_messages(reply))
    has_answer = _has_choices(reply) if url == CHAT_COMPLETIONS else _has_rows(reply)
    if (error := _error_within(reply, has_answer=has_answer)) is not None:
        raise error_of(problem_in(error, endpoint), endpoint)
    if not has_answer:
        if (stated := stated_problem(reply, endpoint)) is not None:
            raise stated
        expected = "choices with messages" if url == CHAT_COMPLETIONS else "data"
        raise _malformed(endpoint, f"an object without {expected}", reply)
    reasons = _finish_reasons(reply)
    if not OF_THE_HOST.isdisjoint(reasons):
        raise OverloadError(f"the reply ended with {reasons[0]}", code=reasons[0], status=502)
    if not BROKEN_OFF.isdisjoint(reasons):
        raise _malformed(endpoint, "a reply that ended in an error", reply)
    return reply


def _with_empty_messages(reply: dict[str, Json]) -> dict[str, Json]:
    """The reply with a message in each choice that was ended before there was one (Vertex AI)."""
    choices = reply.get("choices")
    if not isinstance(choices, list) or not any(map(_is_wordless, choices)):
        return reply
    nothing: Json = {"role": "assistant", "content": None}
    return {
        **reply,
        "choices": [
            {**choice, "message": nothing}
            if isinstance(choice, dict) and _is_wordless(choice)
            else choice
            for choice in choices
        ],
    }


def _is_wordless(choice: Json) -> bool:
    if not isinstance(choice, dict) or choice.get("message"):
        return False
    reason = str(choice.get("finish_reason")).lower()
    return reason in CUT_OFF or reason in FILTERED


def read_error(response: HttpResponse, endpoint: Endpoint, clock: Clock) -> EngineError:
    """The error that a response other than a good one stands for."""
    status, headers, body = response
    problem = read_problem(status, headers, body, endpoint, clock.utc_now())
    return error_of(problem, endpoint, headers.get("Location", ""))


def read_ending(reply: dict[str, Json]) -> Ending:
    """How the choices of a reply ended: one that was refused or cut off decides for all."""
    choices = reply.get("choices")
    ending: Ending = "complete"
    for choice in choices if isinstance(choices, list) else ():
        assert isinstance(choice, dict)
        message = choice["message"]
        assert isinstance(message, dict)
        reason = str(choice.get("finish_reason")).lower()
        if reason in FILTERED or message.get("refusal"):
            return "refused"
        if reason in CUT_OFF:
            ending = "length"
    return ending


def useless_reply(ending: Ending, reply: dict[str, Json], purpose: str) -> UselessReply:
    """Why a reply with such an ending is no answer; `purpose` is that of its request."""
    if ending == "refused":
        return UselessReply(REFUSED, "the model or its content filter refused to answer")
    hidden = reasoning_tokens(reply)
    if hidden and not reply_text(reply).strip():
        return UselessReply(
            REASONING_LIMIT,
            f"hidden reasoning used up the output limit ({hidden:,} tokens) before a word was "
            f"written; raise max_output_tokens of {purpose}, or have the model reason less",
        )
    return UselessReply(TRUNCATED, "the answer was cut off by its output limit")


def _malformed(
    endpoint: Endpoint, what: str, reply: dict[str, Json] | None = None, raw: bytes = b""
) -> MalformedReplyError:
    message = f"{endpoint.base_url} answered with {what}"
    return MalformedReplyError(message, reply=reply, raw=raw)


def _error_within(reply: dict[str, Json], *, has_answer: bool) -> Mapping[str, Json] | None:
    """The error object of a body or of one of its choices; None if there is none.

    Beside choices that have ended it counts for nothing.
    """
    is_error = bool(reply.get("error")) or reply.get("object") == "error"
    if is_error and not (has_answer and all(map(_has_ended, _finish_reasons(reply)))):
        return error_fields(reply)
    choices = reply.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        error = choice.get("error") if isinstance(choice, dict) else None
        if isinstance(error, dict):
            return error_fields(error)
    return None


def _finish_reasons(reply: dict[str, Json]) -> list[str]:
    choices = reply.get("choices")
    choices = choices if isinstance(choices, list) else []
    reasons = [choice.get("finish_reason") for choice in choices if isinstance(choice, dict)]
    return [str(reason).lower() for reason in reasons]


def _has_ended(finish_reason: str) -> bool:
    return finish_reason not in NOT_ENDED


def _has_choices(reply: dict[str, Json]) -> bool:
    choices = reply.get("choices")
    return isinstance(choices, list) and bool(choices) and all(map(has_message, choices))


def _has_rows(reply: dict[str, Json]) -> bool:
    rows = reply.get("data")
    return isinstance(rows, list) and bool(rows)
