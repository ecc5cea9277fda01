"""Fakes that stand in for what the engine is handed: records, a lane, progress."""

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from schemas.outcomes import Completed, Outcome, Usage
from schemas.record import Record
from schemas.requests import CHAT_COMPLETIONS, Request


class Item(Record):
    item_id: str


class Result(Record):
    result_id: str
    item_id: str


def make_request(request_id: str, *, output_tokens: int = 100) -> Request:
    return Request(
        request_id=request_id,
        url=CHAT_COMPLETIONS,
        model="m",
        payload=b"{}",
        purpose="questions",
        prompt_tokens=100,
        max_output_tokens=output_tokens,
    )


def make_completed(request: Request, *, cost_usd: float | None = 0.0) -> Completed:
    return Completed(
        request_id=request.request_id,
        model=request.model,
        purpose=request.purpose,
        lane="live",
        attempts=1,
        usage=Usage(prompt_tokens=10, completion_tokens=5),
        cost_usd=cost_usd,
        latency_s=0.1,
        settled_at="2026-11-25T00:00:00Z",
        reply={"id": request.request_id},
        raw=b'{"id":"' + request.request_id.encode() + b'"}',
    )


class FakeLane:
    """Answers every request, or does what the script says for its id."""

    def __init__(
        self, script: Mapping[str, Exception] | None = None, *, cost_usd: float = 0.0
    ) -> None:
        self.script = script or {}
        self.cost_usd = cost_usd
        self.sent: list[str] = []

    async def send(self, request: Request) -> Outcome:
        self.sent.append(request.request_id)
        if (error := self.script.get(request.request_id)) is not None:
            raise error
        return make_completed(request, cost_usd=self.cost_usd)

    async def aclose(self) -> None:
        pass


class SilentProgress:
    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def advance(self, *, dropped_count: int = 0) -> None:
        self.count += 1
