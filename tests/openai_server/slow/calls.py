"""How every slow call is handled: key, fault, answer, delivery; counted by operation."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.openai_server import wire
from tests.openai_server.config import Faults, ServerConfig
from tests.openai_server.errors import ApiError
from tests.openai_server.faults import UNBILLED_PAGES, Fault, FaultPlan
from tests.openai_server.paid.calls import API_VERSION, PaidCalls
from tests.openai_server.slow.call import Payload, Route, SlowCall


class SlowCalls:
    """Serves files, batches and fine-tuning jobs by the routes of their areas."""

    def __init__(
        self, config: ServerConfig, paid_calls: PaidCalls, routes: Sequence[Route]
    ) -> None:
        self._paid_calls = paid_calls
        self._routes = routes
        self._counts: Counter[str] = Counter()
        self._statuses: dict[str, Counter[str]] = {}
        self.configure(config)

    def configure(self, config: ServerConfig) -> None:
        """Follow a changed configuration; seeded draws begin anew, counts go on."""
        self._config = config
        self._plans = {
            route.operation: FaultPlan(config.slow_faults.get(route.operation, Faults()))
            for route in self._routes
        }

    def counts(self) -> dict[str, dict[str, int]]:
        """By operation: `calls`, and how many of them ended with each status (0: no reply)."""
        return {
            operation: {"calls": count, **self._statuses.get(operation, {})}
            for operation, count in sorted(self._counts.items())
        }

    def find(self, request: web.BaseRequest) -> Route | None:
        """The route of a request, None where no slow call has such a path."""
        for route in self._routes:
            if route.method == request.method and route.path.fullmatch(request.path):
                return route
        return None

    async def serve(self, request: web.BaseRequest, route: Route) -> web.StreamResponse:
        """One call from its first to its last byte."""
        self._counts[route.operation] += 1
        try:
            self._paid_calls.check_key(request)
            response = await self._answer(request, route)
        except ApiError as error:
            response = wire.whole(error.status, self._encode(error.body()), self._headers(error))
        is_reset = wire.is_gone(request) and not response.prepared
        status = "0" if is_reset else str(response.status)
        self._statuses.setdefault(route.operation, Counter())[status] += 1
        return response

    async def _answer(self, request: web.BaseRequest, route: Route) -> web.StreamResponse:
        plan = self._plans[route.operation]
        fault = plan.choose(self._counts[route.operation])
        plan.raise_error(fault)
        if fault == "reset_before":
            return wire.reset(request)
        if fault == "hang":
            await asyncio.sleep(plan.hang_s)
        if fault in UNBILLED_PAGES:
            content_type, page = UNBILLED_PAGES[fault]
            return wire.whole(200, page, self._headers(), content_type)
        match = route.path.fullmatch(request.path)
        assert match is not None
        call = SlowCall(match.groupdict().get("id", ""), request.query, request)
        return await self._deliver(request, fault, await route.answer(call))

    async def _deliver(
        self, request: web.BaseRequest, fault: Fault | None, payload: Payload
    ) -> web.StreamResponse:
        if fault == "reset_after":
            return wire.reset(request)
        if isinstance(payload, Path):
            is_cut = fault == "cut_off"
            return await wire.stream_file(request, payload, self._headers(), is_cut=is_cut)
        if fault == "cut_off":
            return await wire.cut_off(request, self._encode(payload), self._headers())
        return wire.whole(200, self._encode(payload), self._headers())

    def _headers(self, error: ApiError | None = None) -> dict[str, str]:
        number = self._counts.total()
        headers = {"X-Request-Id": f"req_slow_{number:08d}", "OpenAI-Version": API_VERSION}
        return headers | (error.headers if error else {})

    def _encode(self, payload: Any) -> bytes:
        return wire.encode(payload, is_pretty=self._config.is_pretty)
