"""An `Ask` that replies with a function of the request's body."""

from collections.abc import Callable
from typing import Any

import orjson

from engine.testing.calls import completed
from engine.testing.stage_parts import FakeAsk
from schemas.outcomes import Outcome, Usage
from schemas.requests import Request

Body = dict[str, Any]


def ask_by_body(reply: Callable[[Body], Body | str]) -> FakeAsk:
    """Every request is answered with 11 + 3 tokens for half a dollar."""

    def respond(request: Request) -> Outcome:
        body = reply(orjson.loads(request.payload))
        return completed(request, body, usage=Usage(11, 3), cost_usd=0.5)

    return FakeAsk(respond)
