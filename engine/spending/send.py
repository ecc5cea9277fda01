"""One send of a request: what it may cost and has cost, and where it is noted."""

import asyncio
from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from engine.errors import (
    REPLY_TOO_LARGE,
    FatalError,
    NeverSentError,
    RateLimitError,
    RequestError,
    TransientError,
)
from engine.wire.billing_habits import TierKind
from schemas.outcomes import Usage
from schemas.requests import Request

if TYPE_CHECKING:
    from engine.spending.budget import Budget

# HTTP statuses of gateways that gave up waiting: behind them an answer may have been made.
MAYBE_BILLED_STATUSES = frozenset({408, 460, 499, 502, 504, 520, 524})


class Send(AbstractAsyncContextManager["Send"]):
    """One send of a request: its worst case is held until it is known what it cost.

    It is held for the length of the context. From `begin` on it counts as billed, unless `pay` or
    an error's kind says otherwise. `output_limit` is one below the request's own, with which it
    must go out; None: its own. `surplus_usd` is what may come to its worst case if the account no
    longer bills at the tier that replies have named so far.
    """

    may_be_limited: bool = False
    output_limit: int | None = None
    surplus_usd: float = 0.0
    has_begun: bool = False
    usage: Usage | None = None
    is_known: bool = False
    cost_usd: float = 0.0
    service_tier: str = ""

    def __init__(
        self, budget: "Budget", request: Request, worst_usage: Usage, kind: TierKind
    ) -> None:
        self._budget = budget
        self._record = budget.record
        self.request = request
        self.kind = kind
        self.worst_usage = worst_usage
        self.worst_usd = 0.0
        self.price_anew()

    def price_anew(self) -> None:
        """Its worst case, by what replies have told until now."""
        self.worst_usd = self._budget.worst_usd(self.kind, self.worst_usage)
        if self._budget.room_usd is not None:
            self.surplus_usd = self.worst_usd * self._budget.habits.surplus(self.kind)

    @property
    def most_usd(self) -> float:
        """What it may cost if the account bills it at a dearer tier than replies have named."""
        return self.worst_usd + self.surplus_usd

    async def __aenter__(self) -> Self:
        if self._budget.room_usd is not None:
            await self._budget.wait_for_room(self)
        self._budget.hold(self)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is not None:
                await self._fail(error)
        finally:
            self._budget.end(self)

    def limit_output(self, tokens: int) -> None:
        """Let it write no more than so many tokens."""
        self.output_limit = tokens
        self.worst_usage = replace(self.worst_usage, completion_tokens=tokens)
        self.price_anew()

    async def begin(self) -> None:
        """Return once the request may go out: from now on a later process knows of it.

        Raises:
            StorageError: that cannot be kept, so it must not go out.
        """
        if self.worst_usd:
            kept = self._record.sent(self.request.request_id, self.worst_usd)
            try:
                if kept is not None:
                    await kept
            except asyncio.CancelledError:  # it is noted, and does not go out
                self._record.unbilled(self.request.request_id, self.worst_usd)
                raise
        self.has_begun = True

    def pay(
        self, cost_usd: float | None, usage: Usage | None = None, service_tier: str = ""
    ) -> None:
        """It was answered and cost so much; None: the price, or the real usage, is unknown.

        `service_tier` is the one that the reply names; empty: the usual one.
        """
        self.is_known = True
        self.usage = usage
        self.cost_usd = cost_usd or 0.0
        self.service_tier = service_tier

    async def _fail(self, error: BaseException) -> None:
        """It ended with `error`; what may have been billed counts in full."""
        if not self.has_begun or self.is_known:
            return
        request_id = self.request.request_id
        if may_be_billed(error):
            self.cost_usd = self.worst_usd
            if self.worst_usd:
                await self._record.lost(request_id, self.worst_usd)
        elif self.worst_usd:
            self._record.unbilled(request_id, self.worst_usd)


def may_be_billed(error: BaseException) -> bool:
    """Whether a send that ended with `error` may have been billed nevertheless."""
    if isinstance(error, RequestError | FatalError | RateLimitError):
        return isinstance(error, RequestError) and error.code == REPLY_TOO_LARGE
    if not isinstance(error, TransientError):
        return True  # such as a cancelled wait for the reply
    if error.status is None or error.status < 300:
        return not isinstance(error, NeverSentError)
    return error.status in MAYBE_BILLED_STATUSES


class SendRecord(Protocol):
    """Where sends are noted, so that a later process knows what an earlier one may have spent."""

    def sent(self, request_id: str, usd: float) -> Awaitable[None] | None:
        """A request may go out, for at most `usd`: at once, or once what is returned ends."""

    async def lost(self, request_id: str, usd: float) -> None:
        """Its reply did not come: it may have been billed."""

    def unbilled(self, request_id: str, usd: float) -> None:
        """It was refused: nothing was billed."""


class Unrecorded:
    """A record of nothing, where no later process follows."""

    def sent(self, request_id: str, usd: float) -> None:
        """Nothing is kept."""

    async def lost(self, request_id: str, usd: float) -> None:
        """Nothing is kept."""

    def unbilled(self, request_id: str, usd: float) -> None:
        """Nothing is kept."""
