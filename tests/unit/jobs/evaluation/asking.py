"""An `Ask` for unit tests: every request is answered by a function of its body, and remembered."""

from collections.abc import Callable
from typing import Any

import orjson

from schemas.outcomes import Completed, Failed, Outcome, Usage
from schemas.requests import Request

Body = dict[str, Any]


class AskFake:
    def __init__(self, reply: Callable[[Body], Body | str]) -> None:
        self._reply = reply
        self.requests: list[Request] = []

    @property
    def bodies(self) -> list[Body]:
        return [orjson.loads(request.payload) for request in self.requests]

    async def __call__(self, request: Request) -> Outcome:
        self.requests.append(request)
        reply = self._reply(orjson.loads(request.payload))
        if isinstance(reply, str):
            reply = {"choices": [{"message": {"content": reply}}]}
        return Completed(
            request_id=request.request_id,
            model=request.model,
            purpose=request.purpose,
            lane="live",
            attempts=1,
            usage=Usage(prompt_tokens=11, completion_tokens=3),
            cost_usd=0.5,
            latency_s=0.0,
            settled_at="",
            reply=reply,
            raw=b"",
        )


def failed(request: Request, code: str) -> Failed:
    return Failed(
        request_id=request.request_id,
        model=request.model,
        purpose=request.purpose,
        lane="live",
        attempts=1,
        usage=Usage(),
        cost_usd=0.0,
        latency_s=0.0,
        settled_at="",
        code=code,
        message="no",
        status=400,
    )
