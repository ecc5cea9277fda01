"""How every paid call is handled: key, limits, fault, latency, answer, bill, delivery."""

import asyncio
import random
import time
from typing import Any, NamedTuple

import orjson
from aiohttp import web

from tests.openai_server import wire
from tests.openai_server.config import Latency, ModelCard, ServerConfig
from tests.openai_server.errors import ApiError
from tests.openai_server.faults import UNBILLED_PAGES, Fault, FaultPlan
from tests.openai_server.ledger import Call, Ledger
from tests.openai_server.limits import RateLimits
from tests.openai_server.malformed import UNREADABLE, malformed
from tests.openai_server.models import Models
from tests.openai_server.paid.api import Answer, PaidApi, PaidCall
from tests.openai_server.paid.tiers import Tiers

API_VERSION = "2020-10-01"
LOST = UNREADABLE | {"reset_after", "cut_off"}  # billed, and of no use to the client


class _Admitted(NamedTuple):
    """A sound request that the limits let in."""

    body: dict[str, Any]
    model: ModelCard
    reserved_tokens: int
    tier: str


class _GivenKey(NamedTuple):
    """How a key was given, and what it is."""

    scheme: str
    key: str


class PaidCalls:
    """Serves one call after the other; everything that happens is entered in the ledger."""

    def __init__(self, config: ServerConfig, ledger: Ledger) -> None:
        self._ledger = ledger
        self._limits = RateLimits(config.limits, time.monotonic)
        self.models = Models()
        self.configure(config)

    def configure(self, config: ServerConfig) -> None:
        """Follow a changed configuration; seeded draws begin anew."""
        self._config = config
        self._limits.configure(config.limits)
        self._plan = FaultPlan(config.faults)
        self._latency = _LatencyDraws(config.latency)
        self._tiers = Tiers(config.flex)
        self.models.configure(config.models)

    def check_key(self, request: web.BaseRequest) -> str:
        """The key of a request. Raises ApiError 401 for one that is not in the list."""
        scheme, key = self._given_key(request)
        if scheme != self._config.key_header or not key:
            raise ApiError(401, None, "You didn't provide an API key in an Authorization header.")
        if key not in self._config.api_keys:
            raise ApiError(401, "invalid_api_key", "Incorrect API key provided.")
        return key

    def _given_key(self, request: web.BaseRequest) -> "_GivenKey":
        """The key, wherever it stands; one in each place is one too many."""
        header = request.headers.get("Authorization", "")
        if (key := request.headers.get("api-key")) is not None:
            return _GivenKey("both" if header else "api-key", key)
        scheme, _, key = header.partition(" ")
        return _GivenKey(scheme.lower(), key)

    async def serve(self, request: web.BaseRequest, raw: bytes, api: PaidApi) -> web.StreamResponse:
        """One call from its first to its last byte."""
        call = self._ledger.open(
            at_s=time.monotonic(),
            key=self._given_key(request).key,
            url=request.path,
            body=raw,
            kept_bodies=self._config.kept_bodies,
        )
        try:
            key = self.check_key(request)
            admitted = self._admit(call, key, raw, api)
            return await self._answer(request, call, key, admitted, api)
        except ApiError as error:
            call.status, call.code = error.status, error.code
            headers = self._headers(call, request) | error.headers
            return wire.whole(error.status, self._encode(error.body()), headers)
        finally:
            self._ledger.close()

    def _admit(self, call: Call, key: str, raw: bytes, api: PaidApi) -> _Admitted:
        body = parse_body(raw)
        model = self.models.find(body.get("model"))
        call.model = model.id
        for name in self._config.unknown_parameters:
            if name in body:
                message = f"Unrecognized request argument supplied: {name}"
                raise ApiError(400, None, message, param=name)
        reserved_tokens = api.reserved_tokens(body, model)
        self._limits.admit(key, model.id, reserved_tokens)
        return _Admitted(body, model, reserved_tokens, self._tiers.admit(body, model))

    async def _answer(
        self, request: web.BaseRequest, call: Call, key: str, admitted: _Admitted, api: PaidApi
    ) -> web.StreamResponse:
        fault = self._plan.choose(call.number)
        call.fault = fault
        self._plan.raise_error(fault)
        if fault == "reset_before":
            return wire.reset(request)
        body, model, reserved_tokens, tier = admitted
        found = api.look_up(body, model)
        wait_s = self._latency.next_s() + (self._plan.hang_s if fault == "hang" else 0.0)
        wait_s += self._tiers.extra_s(tier)
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        if fault in UNBILLED_PAGES:
            call.status = 200
            content_type, page = UNBILLED_PAGES[fault]
            return wire.whole(200, page, self._headers(call, request), content_type)
        answer = api.answer(PaidCall(body, model, call.number, call.body_hash, found, tier))
        _bill(call, answer, tier)
        used_tokens = answer.prompt_tokens + answer.completion_tokens
        self._limits.settle(key, model.id, reserved_tokens, used_tokens)
        payload = api.spoil(answer, fault).payload
        return await self._deliver(request, call, fault, self._encode(payload))

    async def _deliver(
        self, request: web.BaseRequest, call: Call, fault: Fault | None, body: bytes
    ) -> web.StreamResponse:
        call.is_lost = fault in LOST or wire.is_gone(request)
        if fault == "reset_after":
            return wire.reset(request)
        call.status = 200
        headers = self._headers(call, request)
        if fault == "cut_off" and not wire.is_gone(request):
            return await wire.cut_off(request, body, headers)
        return wire.whole(200, malformed(fault, body), headers)

    def _headers(self, call: Call, request: web.BaseRequest) -> dict[str, str]:
        headers = {
            "X-Request-Id": f"req_{call.number:08d}",
            "OpenAI-Processing-Ms": str(round((time.monotonic() - call.at_s) * 1000)),
            "OpenAI-Version": API_VERSION,
        }
        if self._config.limits and call.model:
            key = self._given_key(request).key
            kind = self._config.rate_limit_headers
            headers |= self._limits.headers(key, call.model, kind)
        return headers

    def _encode(self, payload: Any) -> bytes:
        return wire.encode(payload, is_pretty=self._config.is_pretty)


class _LatencyDraws:
    def __init__(self, latency: Latency) -> None:
        self._latency = latency
        self._random = random.Random(latency.seed)

    def next_s(self) -> float:
        latency = self._latency
        if latency.sigma == 0.0:
            return latency.median_s
        return latency.median_s * self._random.lognormvariate(0.0, latency.sigma)


def parse_body(raw: bytes) -> dict[str, Any]:
    """The JSON object of a request's body. Raises ApiError 400 for anything else."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        message = f"We could not parse the JSON body of your request ({error})."
        raise ApiError(400, None, message) from error
    if not isinstance(body, dict):
        raise ApiError(400, None, "We could not parse the JSON body: expected an object.")
    return body


def _bill(call: Call, answer: Answer, tier: str) -> None:
    call.is_billed = True
    call.service_tier = tier
    call.prompt_tokens = answer.prompt_tokens
    call.completion_tokens = answer.completion_tokens
    call.cached_tokens = answer.cached_tokens
    call.cache_write_tokens = answer.cache_write_tokens
