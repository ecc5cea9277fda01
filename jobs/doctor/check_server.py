"""Looks at a server: its address, the key, its models, the clock."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import quote

import aiohttp

from engine.clock import Clock
from engine.errors import RequestError, TransientError
from engine.live.plain_calls import call_once
from engine.wire.endpoints import Endpoint
from engine.wire.lenient_json import NotJsonError, parse_json
from engine.wire.replies.responses import HttpResponse, read_error
from engine.wire.server_text import scrub
from jobs.findings import Finding

TIMEOUT_S = 20.0
CLOCK_TOLERANCE_S = 120.0
SHUTDOWN_NOTICE_DAYS = 60
MODELS, VERSION = "/v1/models", "/v1"
UNREACHED = (aiohttp.ClientError, OSError, RequestError, TransientError)


class Served(NamedTuple):
    """What is asked of a server: a model, and who is played by it."""

    role: str
    model: str


async def check_server(endpoint: Endpoint, served: Sequence[Served], clock: Clock) -> list[Finding]:
    """The findings about one server, and about the models that it is to serve. Sends no request."""
    host = endpoint.base_url
    try:
        response = await call_once(endpoint, endpoint.address(MODELS), timeout_s=TIMEOUT_S)
    except UNREACHED as error:
        text = f"{host} cannot be reached ({scrub(str(error) or repr(error), endpoint)})"
        return [Finding("address", "not ok", f"{text}: check it, and the network")]
    listed = _read_models(response)
    if listed is None:
        return [await _explain_no_models(endpoint, response, clock)]
    findings = [
        Finding("address", "ok", f"{host} answers; models: {len(listed):,}"),
        Finding("key", "ok", "taken" if endpoint.api_key else "none is set, and none is asked for"),
        *_check_clock(response, clock.utc_now()),
    ]
    return findings + [await _check_model(endpoint, each, listed, clock) for each in served]


def _read_models(response: HttpResponse) -> dict[str, Mapping[str, Any]] | None:
    """The models that are listed, by id; None: that is no list of models."""
    if response.status >= 300:
        return None
    try:
        body = parse_json(response.body)
    except NotJsonError:
        return None
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, list):
        return None
    return {str(each["id"]): each for each in data if isinstance(each, dict) and "id" in each}


async def _explain_no_models(endpoint: Endpoint, response: HttpResponse, clock: Clock) -> Finding:
    host = endpoint.base_url.rstrip("/")
    if response.status in (401, 403):
        return Finding("key", "not ok", str(read_error(response, endpoint, clock)))
    if not host.endswith(VERSION):
        longer = host + VERSION
        try:
            other = await call_once(endpoint, longer + "/models", timeout_s=TIMEOUT_S)
        except UNREACHED:
            other = response
        if _read_models(other) is not None or other.status in (401, 403):
            return Finding("address", "not ok", f"{host} lacks {VERSION}: use {longer}")
    text = f"{host} answers {response.status} and lists no models"
    return Finding("address", "note", f"{text}; --ask shows whether it answers requests")


def _check_clock(response: HttpResponse, now: datetime) -> Iterator[Finding]:
    try:
        there = parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return
    ahead_s = (now - there).total_seconds()
    if abs(ahead_s) <= CLOCK_TOLERANCE_S:
        yield Finding("clock", "ok", f"within {CLOCK_TOLERANCE_S:.0f} s of the server's")
        return
    way = "ahead of" if ahead_s > 0 else "behind"
    text = f"{abs(ahead_s):,.0f} s {way} the server's: set it, deadlines and batches go by it"
    yield Finding("clock", "not ok", text)


async def _check_model(
    endpoint: Endpoint, served: Served, listed: Mapping[str, Mapping[str, Any]], clock: Clock
) -> Finding:
    about, model = served.role, served.model
    card = listed.get(model)
    if card is None and not await _is_known(endpoint, model):
        return Finding(about, "not ok", f"{model}: the server has no such model{_likely(listed)}")
    shutdown = _shutdown_date(card or {})
    if shutdown is None:
        return Finding(about, "ok", f"{model} is served")
    left_days = (shutdown - clock.utc_now().date()).days
    if left_days < 0:
        return Finding(about, "not ok", f"{model} was shut down on {shutdown}: choose another")
    text = f"{model} is served until {shutdown}, {left_days} days from now"
    return Finding(about, "note" if left_days <= SHUTDOWN_NOTICE_DAYS else "ok", text)


async def _is_known(endpoint: Endpoint, model: str) -> bool:
    """Lists leave out aliases and tuned models that can be asked for by name."""
    address = endpoint.address(f"{MODELS}/{quote(model, safe='')}")
    try:
        response = await call_once(endpoint, address, timeout_s=TIMEOUT_S)
    except UNREACHED:
        return False
    return response.status < 300


def _likely(listed: Mapping[str, object]) -> str:
    if not listed:
        return ""
    some = ", ".join(sorted(listed)[:5])
    return f"; it has {some}{', ...' if len(listed) > 5 else ''}"


def _shutdown_date(card: Mapping[str, Any]) -> date | None:
    """`shutdown_date` of a model (OpenAI's list of models); other servers have none."""
    try:
        return date.fromisoformat(str(card.get("shutdown_date")))
    except ValueError:
        return None
