"""The only translator from what the provider answers to a reply or to our errors."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple

import orjson

from engine.clock import Clock
from engine.errors import (
    AuthError,
    EngineError,
    FatalError,
    ModelGoneError,
    OverloadError,
    QuotaError,
    RateLimitError,
    RequestError,
    TransientError,
)
from engine.wire.endpoints import Endpoint
from engine.wire.rate_headers import read_retry_after_s
from schemas.requests import CHAT_COMPLETIONS, Json, Url

MONEY_CODES = frozenset(  # OpenAI guide on error codes
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
        "billing_hard_limit_reached",
    }
)
OVERLOAD_STATUSES = frozenset({408, 503, 504, 524, 529})
TRANSIENT_STATUSES = frozenset({408, 409, 425})
DAY_PAUSE_S = 60.0
MAX_MESSAGE_CHARS = 300

_KEY_LIKE = re.compile(r"\b(?:sk|pk|Bearer)[-_ ][\w*.-]{4,}")

Ending = Literal["complete", "length", "refused"]

USELESS: Mapping[Ending, tuple[str, str]] = {  # the codes and messages of replies that fail
    "length": ("truncated", "the answer was cut off by its output limit"),
    "refused": ("refused", "the model or its content filter refused to answer"),
}


class Answer(NamedTuple):
    """What came back for one attempt, whatever it is."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Problem(NamedTuple):
    """What an error reply says. `is_api` is false for pages of gateways and proxies."""

    status: int
    code: str
    message: str
    is_api: bool
    retry_after_s: float | None


def read_reply(answer: Answer, url: Url, endpoint: Endpoint, clock: Clock) -> dict[str, Json]:
    """The parsed body of an answer to a request for `url`.

    Raises:
        RequestError, TransientError, FatalError: by status and code, as the errors say.
    """
    if answer.status != 200:
        raise read_error(answer, endpoint, clock)
    try:
        reply = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        raise _malformed(endpoint, "a body that is not JSON") from None
    return check_reply(reply, url, endpoint)


def check_reply(reply: Json, url: Url, endpoint: Endpoint) -> dict[str, Json]:
    """The body of a good answer, if it is one.

    Raises:
        TransientError: it is not what is asked for at `url`.
    """
    if not isinstance(reply, dict):
        raise _malformed(endpoint, f"JSON of type {type(reply).__name__}, not an object")
    if not (_has_choices(reply) if url == CHAT_COMPLETIONS else _has_rows(reply)):
        expected = "choices with messages" if url == CHAT_COMPLETIONS else "data"
        raise _malformed(endpoint, f"an object without {expected}")
    return reply


def read_error(answer: Answer, endpoint: Endpoint, clock: Clock) -> EngineError:
    """The error that an answer other than a good one stands for."""
    return _error(_read_problem(answer, endpoint, clock.utc_now()), answer, endpoint)


def read_ending(reply: dict[str, Json]) -> Ending:
    """How the choices of a reply ended: one that was refused or cut off speaks for all."""
    choices = reply.get("choices")
    ending: Ending = "complete"
    for choice in choices if isinstance(choices, list) else ():
        assert isinstance(choice, dict)
        message = choice["message"]
        assert isinstance(message, dict)
        if choice.get("finish_reason") == "content_filter" or message.get("refusal"):
            return "refused"
        if choice.get("finish_reason") == "length":
            ending = "length"
    return ending


def on_one_line(body: bytes) -> bytes:
    """A JSON body without raw newlines: in valid JSON they can only be white space."""
    return body.replace(b"\n", b" ").replace(b"\r", b" ")


def scrub(text: str, endpoint: Endpoint) -> str:
    """Text of the provider without the key or what looks like one, cut to a readable length."""
    if endpoint.api_key:
        text = text.replace(endpoint.api_key, "[key]")
    text = _KEY_LIKE.sub("[key]", text)
    return " ".join(text[: MAX_MESSAGE_CHARS * 2].split())[:MAX_MESSAGE_CHARS]


def _read_problem(answer: Answer, endpoint: Endpoint, now: datetime) -> _Problem:
    try:
        body = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        body = None
    error = body.get("error", body) if isinstance(body, dict) else None
    fields = error if isinstance(error, dict) else {"message": error}
    code = fields.get("code") or fields.get("type")
    text = fields.get("message") or fields.get("detail") or answer.body.decode(errors="replace")
    return _Problem(
        status=answer.status,
        code=code if isinstance(code, str) else f"http_{answer.status}",
        message=scrub(str(text), endpoint),
        is_api=isinstance(body, dict),
        retry_after_s=read_retry_after_s(answer.headers, now),
    )


def _error(problem: _Problem, answer: Answer, endpoint: Endpoint) -> EngineError:
    if (fatal := _fatal_error(problem, answer, endpoint)) is not None:
        return fatal
    status, code, message, is_api, retry_after_s = problem
    text = f"{status} {code}: {message}"
    if status == 429:
        return _too_many(problem, text)
    if status in OVERLOAD_STATUSES:
        return OverloadError(text, code=code, status=status, retry_after_s=retry_after_s)
    if status >= 500 or status < 400 or status in TRANSIENT_STATUSES or not is_api:
        return TransientError(text, code=code, status=status, retry_after_s=retry_after_s)
    return RequestError(text, code=code, status=status)


def _fatal_error(problem: _Problem, answer: Answer, endpoint: Endpoint) -> FatalError | None:
    status, code, message, is_api, _ = problem
    where = f"{endpoint.base_url} answered {status} {code}: {message}"
    if code in MONEY_CODES or status == 402:
        return QuotaError(f"{where}; check the account's credit and limits, then run again")
    if status == 401 or code == "invalid_api_key" or (status == 403 and is_api):
        return AuthError(f"{where}; check the key and what it may use, then run again")
    if code == "model_not_found" or (status == 404 and is_api and "model" in message.lower()):
        return ModelGoneError(f"{where}; choose a model that is served, then run again")
    if 300 <= status < 400:
        target = scrub(answer.headers.get("Location", "an unnamed address"), endpoint)
        return FatalError(f"{where}; it redirects to {target}: set base_url to the final address")
    if status in (404, 405):
        return FatalError(f"{where}; nothing is served at this address: check base_url")
    return None


def _too_many(problem: _Problem, text: str) -> EngineError:
    status, code, message, _, retry_after_s = problem
    message = message.lower()
    if "request too large" in message:
        return RequestError(text, code="request_too_large", status=status)
    if code == "slow_down":
        return OverloadError(text, code=code, status=status, retry_after_s=retry_after_s)
    if "per day" in message:
        retry_after_s = max(retry_after_s or 0.0, DAY_PAUSE_S)
    return RateLimitError(text, code=code, status=status, retry_after_s=retry_after_s)


def _malformed(endpoint: Endpoint, what: str) -> TransientError:
    return TransientError(f"{endpoint.base_url} answered with {what}", code="malformed_reply")


def _has_choices(reply: dict[str, Json]) -> bool:
    choices = reply.get("choices")
    return isinstance(choices, list) and bool(choices) and all(map(_has_message, choices))


def _has_message(choice: Json) -> bool:
    return isinstance(choice, dict) and isinstance(choice.get("message"), dict)


def _has_rows(reply: dict[str, Json]) -> bool:
    rows = reply.get("data")
    return isinstance(rows, list) and bool(rows)
