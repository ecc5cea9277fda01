"""Reads error responses of any shape, and says which of our errors they stand for."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from engine.errors import (
    REQUEST_TOO_LARGE,
    AuthError,
    CapacityError,
    EngineError,
    FatalError,
    ModelGoneError,
    OverloadError,
    QuotaError,
    RateLimitError,
    RequestError,
    TransientError,
    UnclearRefusalError,
)
from engine.wire.endpoints import Endpoint
from engine.wire.lenient_json import NotJsonError, dump_json, parse_json
from engine.wire.replies.rate_headers import read_retry_after_s, read_stated_wait_s
from engine.wire.server_text import plain_code, scrub
from schemas.requests import Json

MONEY_CODES = frozenset(  # OpenAI guide on error codes
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
        "billing_hard_limit_reached",
        "billing_not_active",
    }
)
MODEL_CODES = (  # OpenAI's, Azure's, Together's
    "model_not_found",
    "DeploymentNotFound",
    "model_not_available",
)
# 460 and 499 are what gateways note where they themselves waited no longer for who stands behind
# them (AWS, nginx; Anthropic's under load, by reports).
OVERLOAD_STATUSES = frozenset({408, 460, 499, 503, 504, 524, 529})
TRANSIENT_STATUSES = frozenset({408, 409, 425})
NO_CAPACITY_STATUS = 498  # Groq, flex processing
DAY_PAUSE_S = 60.0
MAX_NESTED = 8  # lists and objects around an error; what is deeper is none
MAX_SHOWN_BYTES = 1_000

# What hosts write; each was seen in a report (OPENAI_FACTS of the project, issue threads).
_BAD_KEY = re.compile(
    r"api[ _-]?key[^.]{0,40}\b(?:not valid|invalid|incorrect|expired|missing|not found|required)"
    r"|(?:invalid|incorrect|expired|missing|no)[ _-](?:\w+ )?(?:api|access)[ _-]?(?:key|token)"
)
_BAD_MODEL = re.compile(
    r"model\b.{0,80}\b(?:not exist|not found|decommissioned|no longer|been deprecated)"
    r"|not a valid model|no such model|unknown model|invalid model"
)
# With 429: a tier has no room (OpenAI guide on flex processing).
_NO_CAPACITY = re.compile(r"resource[ _]unavailable|capacity_exceeded")
_FLAGGED = re.compile(
    r"flagged|moderation|content[ _]?(?:policy|filter|management)|safety|prohibited content"
    r"|inappropriate|sensitive|responsible ?ai|data_inspection"
)
_NO_PERMISSION = re.compile(
    r"permission|not allowed|not authori[sz]ed|unauthori[sz]ed|access denied|have access"
    r"|verified|country|region|territory|subscription|billing|account|api[ _-]?key|disabled"
)


_NO_MONEY = re.compile(
    r"budget_exceeded|budget has been exceeded|insufficient[ _](?:balance|credit|funds)"
    r"|balance is (?:too low|insufficient|not enough)|arrearage|exceeded_current_quota_error"
    r"|(?:out of|no more|not enough) credits|please recharge|account is not active"
)
_STATUS_OF_WORDS = (  # of errors that come with status 200
    (re.compile(r"rate[ _-]?limit|too[ _]many[ _]requests|throttl"), 429),
    (re.compile(r"overload|unavailable|at capacity|(?:is|too) busy"), 503),
    (re.compile(r"server[ _]error|internal[ _]error|bad[ _]gateway|upstream"), 500),
    (re.compile(r"time[d_ ]*out"), 504),
    (re.compile(r"unexpected endpoint|unknown request url"), 404),  # LM Studio
)


class Problem(NamedTuple):
    """What an error says. `is_api` is false for pages of gateways and proxies."""

    status: int
    code: str
    message: str
    is_api: bool
    retry_after_s: float | None = None

    @property
    def words(self) -> str:
        """Code and message in small letters, to be searched."""
        return f"{self.code} {self.message}".lower()

    @property
    def names_permission(self) -> bool:
        """Whether it is about the permissions of an account, and not about one request."""
        return _NO_PERMISSION.search(self.words) is not None and not _FLAGGED.search(self.words)


def read_problem(
    status: int, headers: Mapping[str, str], body: bytes, endpoint: Endpoint, now: datetime
) -> Problem:
    """What an error response says: JSON of any shape, a page, or nothing."""
    try:
        parsed = parse_json(body)
    except NotJsonError:
        parsed = None
    fields = error_fields(parsed)
    text = _text_of(fields) or body[:4096].decode(errors="replace")
    wait_s = read_retry_after_s(headers, now)
    return Problem(
        status=status,
        code=_code_of(fields) or f"http_{status}",
        message=scrub(text, endpoint),
        is_api=isinstance(parsed, dict | list),
        retry_after_s=read_stated_wait_s(text[:4096]) if wait_s is None else wait_s,
    )


def problem_in(fields: Mapping[str, Json], endpoint: Endpoint) -> Problem:
    """The problem of an error object that came with status 200; its code may name a status."""
    code = fields.get("code")
    number = code if isinstance(code, int) else _as_status(code)
    text, name = scrub(_text_of(fields), endpoint), _code_of(fields)
    if number is None or not 400 <= number < 600:
        words = f"{name} {text}".lower()
        found = (status for pattern, status in _STATUS_OF_WORDS if pattern.search(words))
        number = next(found, 400)
    wait_s = read_stated_wait_s(_text_of(fields)[:4096])
    return Problem(number, name or f"http_{number}", text, True, wait_s)


def stated_problem(reply: Mapping[str, Json], endpoint: Endpoint) -> EngineError | None:
    """What a body with status 200 and without an answer says in words, as `{"msg": "Busy"}` does.

    None: nothing, or nothing that is known to be no fault of its request.
    """
    inner = reply.get("base_resp")
    fields = inner if isinstance(inner, dict) else reply
    error = error_of(problem_in(fields, endpoint), endpoint)
    return None if isinstance(error, RequestError) else error


def error_fields(body: Json) -> Mapping[str, Json]:
    """The object with code and message, wherever it stands in the body; empty if nowhere."""
    outer: Mapping[str, Json] = {}
    for _ in range(MAX_NESTED):
        if isinstance(body, list):
            body = body[0] if body else None
        elif isinstance(body, dict):
            errors = body.get("errors")
            inner = body.get("error") or (errors if isinstance(errors, list) else None)
            if not inner:
                return body or outer
            outer, body = body, inner
        else:
            return {"message": body} if isinstance(body, str) else outer
    return outer


def error_of(problem: Problem, endpoint: Endpoint, location: str = "") -> EngineError:
    """The error that a problem stands for; `location` is where a redirect leads."""
    if (fatal := _fatal_error(problem, endpoint, location)) is not None:
        return fatal
    status, code, message, _, retry_after_s = problem
    text = f"{status} {code}: {message}"
    if status == NO_CAPACITY_STATUS or (status == 429 and _NO_CAPACITY.search(problem.words)):
        return CapacityError(text, code=code, status=status, retry_after_s=retry_after_s)
    if status == 429:
        return _too_many(problem, text)
    if status in OVERLOAD_STATUSES:
        return OverloadError(text, code=code, status=status, retry_after_s=retry_after_s)
    if status >= 500 or status < 400 or status in TRANSIENT_STATUSES:
        return TransientError(text, code=code, status=status, retry_after_s=retry_after_s)
    return RequestError(text, code=code, status=status)


def _fatal_error(problem: Problem, endpoint: Endpoint, location: str) -> FatalError | None:
    """The error, if it is one of all requests: money, key, model or address."""
    where = f"{endpoint.base_url} answered {problem.status} {problem.code}: {problem.message}"
    if _is_about_money(problem):
        return QuotaError(f"{where}; check the account's credit and limits, then run again")
    if _is_about_key(problem):
        return AuthError(f"{where}; check the key and what it may use, then run again")
    if _is_about_model(problem):
        return ModelGoneError(f"{where}; choose a model that is served, then run again")
    if problem.status == 407:
        return AuthError(f"{where}; the proxy wants a login: set HTTPS_PROXY to user:password@host")
    if 300 <= problem.status < 400:
        target = scrub(location or "an unnamed address", endpoint)
        return FatalError(f"{where}; it redirects to {target}: set base_url to the final address")
    return _unclear_refusal(problem, where)


def _is_about_money(problem: Problem) -> bool:
    if problem.code in MONEY_CODES or problem.status == 402:
        return True
    if problem.status not in (400, 403, 429) or _FLAGGED.search(problem.words):
        return False
    return _NO_MONEY.search(problem.words) is not None


def _is_about_key(problem: Problem) -> bool:
    status, words = problem.status, problem.words
    if status == 401 or problem.code == "invalid_api_key":
        return True
    if status in (400, 403) and _BAD_KEY.search(words):
        return True
    return status == 403 and problem.is_api and problem.names_permission


def _is_about_model(problem: Problem) -> bool:
    status, words = problem.status, problem.words
    if problem.code in MODEL_CODES or (status == 404 and problem.is_api and "model" in words):
        return True
    return status in (400, 410) and _BAD_MODEL.search(words) is not None


def _unclear_refusal(problem: Problem, where: str) -> UnclearRefusalError | None:
    status, code = problem.status, problem.code
    if status == 403 and not _FLAGGED.search(problem.words):
        advice = "check the key, what it may use, and what stands between here and there"
        return UnclearRefusalError(where, advice=advice, code=code, status=status)
    if status in (404, 405):
        advice = "nothing is served at this address: check base_url"
        return UnclearRefusalError(where, advice=advice, code=code, status=status)
    return None


def _too_many(problem: Problem, text: str) -> EngineError:
    status, code, message, _, retry_after_s = problem
    message = message.lower()
    if "request too large" in message:
        return RequestError(text, code=REQUEST_TOO_LARGE, status=status)
    if code == "slow_down":
        return OverloadError(text, code=code, status=status, retry_after_s=retry_after_s)
    if "per day" in message:
        retry_after_s = max(retry_after_s or 0.0, DAY_PAUSE_S)
    return RateLimitError(text, code=code, status=status, retry_after_s=retry_after_s)


def _code_of(fields: Mapping[str, Json]) -> str:
    """The code in words; a number only repeats the status."""
    for name in ("code", "type", "status"):
        value = fields.get(name)
        if isinstance(value, str) and _as_status(value) is None and (code := plain_code(value)):
            return code
    return ""


def _text_of(fields: Mapping[str, Json]) -> str:
    for name in ("message", "detail", "msg", "status_msg", "error", "title"):
        value = fields.get(name)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, list) and value:  # FastAPI: one entry for each wrong field
            return "; ".join(_entry_text(entry) for entry in value[:3])
    return ""


def _entry_text(entry: Json) -> str:
    if not isinstance(entry, dict):
        return _plain_text(entry)
    place = entry.get("loc")
    where = ".".join(map(_plain_text, place)) + ": " if isinstance(place, list) else ""
    return where + _plain_text(entry.get("msg") or entry.get("message") or "")


def _plain_text(value: Json) -> str:
    """A text as it is, anything else as JSON, which may be nested to any depth."""
    return (
        value
        if isinstance(value, str)
        else dump_json(value)[:MAX_SHOWN_BYTES].decode("ascii", "replace")
    )


def _as_status(value: Json) -> int | None:
    return int(value) if isinstance(value, str) and re.fullmatch(r"\d{3}", value) else None
