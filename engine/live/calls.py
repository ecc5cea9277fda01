"""One request on its way through the live lane, and the outcome it ends with."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from engine.errors import RequestError
from engine.live.retry import Failures
from engine.wire.replies import USELESS, Ending
from engine.wire.usage import CountedUsage
from schemas.outcomes import Completed, Failed, Outcome, Usage
from schemas.requests import Json, Request


class Reply(NamedTuple):
    """A sound reply: its parsed body, its bytes on one line, and the server's name for it."""

    body: dict[str, Json]
    raw: bytes
    server_request_id: str


@dataclass(slots=True)
class Call:
    """A request, what its attempts cost together, and how often it failed."""

    request: Request
    attempts: int = 0
    failures: Failures = field(default_factory=Failures)
    is_enlarged: bool = False
    latency_s: float = 0.0
    usage: Usage | None = None
    is_estimated: bool = False
    cost_usd: float | None = None

    def pay(self, counted: CountedUsage, cost_usd: float | None) -> None:
        """Add what one answered attempt cost; one unknown price makes the sum unknown."""
        usage = counted.usage
        self.is_estimated = self.is_estimated or counted.is_estimated
        if self.usage is None:
            self.usage, self.cost_usd = usage, cost_usd
            return
        self.usage = Usage(
            self.usage.prompt_tokens + usage.prompt_tokens,
            self.usage.completion_tokens + usage.completion_tokens,
            self.usage.cached_tokens + usage.cached_tokens,
        )
        known = self.cost_usd is not None and cost_usd is not None
        self.cost_usd = (self.cost_usd or 0.0) + (cost_usd or 0.0) if known else None

    def end(self, reply: Reply, ending: Ending, settled_at: datetime) -> Outcome:
        """The outcome of an answered request."""
        if ending != "complete":
            return self._failed(*USELESS[ending], 200, settled_at, reply.body)
        request = self.request
        return Completed(
            request_id=request.request_id,
            model=request.model,
            purpose=request.purpose,
            lane="live",
            attempts=self.attempts,
            usage=self.usage or Usage(),
            cost_usd=self.cost_usd,
            latency_s=self.latency_s,
            settled_at=settled_at.isoformat(),
            reply=reply.body,
            raw=reply.raw,
            server_request_id=reply.server_request_id,
            is_estimated=self.is_estimated,
        )

    def fail(self, error: RequestError, settled_at: datetime) -> Failed:
        """The outcome of a request that can never be answered."""
        return self._failed(error.code, str(error), error.status, settled_at, None)

    def _failed(
        self,
        code: str,
        message: str,
        status: int | None,
        settled_at: datetime,
        body: dict[str, Json] | None,
    ) -> Failed:
        request = self.request
        return Failed(
            request_id=request.request_id,
            model=request.model,
            purpose=request.purpose,
            lane="live",
            attempts=self.attempts,
            usage=self.usage or Usage(),
            cost_usd=self.cost_usd if self.usage else 0.0,
            latency_s=self.latency_s,
            settled_at=settled_at.isoformat(),
            code=code,
            message=message,
            status=status,
            reply=body,
            is_estimated=self.is_estimated,
        )
