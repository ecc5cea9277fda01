"""A transport that answers by script, and the answers that a provider gives."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence

import orjson

from engine.wire.endpoints import Endpoint
from engine.wire.replies.responses import HttpResponse
from schemas.requests import Json, Url

Step = HttpResponse | Exception
Responder = Callable[[Endpoint, bytes], Step]


class FakeTransport:
    """A `Transport` that plays its steps in order, then answers well; or asks `responder`.

    A step that is an error is raised. Every attempt takes `latency_s` seconds of the event loop's
    time; `sent` has the time, the endpoint and the payload of each, `slow_count` says how many
    were allowed to take long.
    """

    def __init__(
        self,
        steps: Sequence[Step] = (),
        *,
        responder: Responder | None = None,
        latency_s: float = 0.1,
    ) -> None:
        self._steps = deque(steps)
        self._responder = responder
        self._latency_s = latency_s
        self.sent: list[tuple[float, Endpoint, bytes]] = []
        self.in_flight = 0
        self.max_in_flight = 0
        self.is_closed = False
        self.slow_count = 0

    @property
    def times_s(self) -> list[float]:
        """When each attempt was made, in seconds of the event loop's time."""
        return [time_s for time_s, _, _ in self.sent]

    async def post(
        self, endpoint: Endpoint, url: Url, payload: bytes, *, is_slow: bool = False
    ) -> HttpResponse:
        """Play the next step."""
        self.sent.append((asyncio.get_running_loop().time(), endpoint, payload))
        self.slow_count += is_slow
        step = self._next(endpoint, payload)
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self._latency_s)
        finally:
            self.in_flight -= 1
        if isinstance(step, Exception):
            raise step
        return step

    async def aclose(self) -> None:
        """Note that it was closed."""
        self.is_closed = True

    def _next(self, endpoint: Endpoint, payload: bytes) -> Step:
        if self._responder is not None:
            return self._responder(endpoint, payload)
        return self._steps.popleft() if self._steps else good_answer()


def good_answer(
    *,
    finish_reason: str = "stop",
    refusal: str | None = None,
    completion_tokens: int = 50,
    prompt_tokens: int = 20,
    headers: Mapping[str, str] | None = None,
    service_tier: str | None = None,
) -> HttpResponse:
    """A chat completion that says "Yes."; it is indented, so its bytes are several lines."""
    message: dict[str, Json] = {"role": "assistant", "content": "Yes.", "refusal": refusal}
    body: dict[str, Json] = {
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens},
    }
    if service_tier is not None:
        body["service_tier"] = service_tier
    return HttpResponse(200, headers or {}, orjson.dumps(body, option=orjson.OPT_INDENT_2))


def error_answer(
    status: int,
    code: str | None = None,
    message: str = "no",
    *,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """An error as the API words it, with HTTP status `status`."""
    error = {"error": {"message": message, "type": "t", "code": code, "param": None}}
    return HttpResponse(status, headers or {}, orjson.dumps(error))


def page_answer(status: int) -> HttpResponse:
    """An error of a proxy on the way: a page of HTML."""
    return HttpResponse(status, {"Content-Type": "text/html"}, b"<html><h1>Bad gateway</h1></html>")
