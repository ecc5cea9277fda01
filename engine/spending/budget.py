"""The cap on what a run may cost: a request goes out only if its worst case still fits."""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from types import TracebackType
from typing import Self

from engine.errors import ConfigError, QuotaError
from engine.files.sends import SendRecord, Unrecorded
from engine.spending.billed_errors import may_be_billed
from engine.spending.purse import OwnPurse, Purse
from engine.wire.billed_tiers import BilledTiers
from engine.wire.output_sizes import OutputSizes, SizedRequest
from engine.wire.prices import PUBLIC_TIER_SHARES, Price, worst_usage
from schemas.outcomes import Usage
from schemas.requests import Request


class Send(AbstractAsyncContextManager["Send"]):
    """One send of a request: its worst case is held until it is known what it cost.

    It is held for the length of the context. From `begin` on it counts as billed, unless `pay` or
    an error's kind says otherwise. `output_limit` is one below the request's own, with which it
    must go out; None: its own.
    """

    may_be_limited: bool = False
    output_limit: int | None = None
    any_tier_usd: float = 0.0
    has_begun: bool = False
    usage: Usage | None = None
    is_known: bool = False
    cost_usd: float = 0.0
    service_tier: str = ""

    def __init__(
        self, budget: "Budget", request: Request, worst_usage: Usage, record: SendRecord
    ) -> None:
        self._budget = budget
        self._record = record
        self.request = request
        self.worst_usage = worst_usage
        self.worst_usd = budget.worst_usd(request, worst_usage)

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
        self.worst_usd = self._budget.worst_usd(self.request, self.worst_usage)

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


class Budget:
    """Dollars spent and held over the life of a run; many may send concurrently.

    Without a cap it only adds up. With one, a request waits while sends under way may still turn
    out cheaper than their worst case, and QuotaError ends the run when nothing is left to wait
    for. `tier_shares` are what service tiers cost, as shares of the live price. `held_usd` is what
    batches that are out may still cost. At every moment what is spent,
    held and under way is within the cap together, so the provider's bill is too.

    Once what is left would not do for the worst case of all that are under way or wait, requests
    go out with an output limit that replies so far stayed well below. So their worst case is near
    their cost, and as many go out at once as before, but for the last dollars. `sizes` is what
    replies were like.

    An account may bill all requests at a dearer tier than they ask for. Until a reply of a model
    has told its tier, no more of its requests are under way than there is room for at the dearest
    (but one, where that alone does not fit); afterwards its worst cases are at the tier that was
    seen.
    """

    def __init__(
        self,
        *,
        cap_usd: float | None,
        spent_usd: float,
        price: Price,
        record: SendRecord = Unrecorded(),  # noqa: B008 - has no state
        tier_shares: Mapping[str, float] = PUBLIC_TIER_SHARES,
        purse: Purse | None = None,
    ) -> None:
        self.price = price
        self.spent_usd = spent_usd
        self.held_usd = 0.0
        self._purse = purse or OwnPurse(cap_usd)
        self._record = record
        self._under_way_usd = 0.0
        self._under_way_count = 0  # sums of floats do not come back to 0 exactly
        self._excess: dict[str, float] = {}  # by model: the bill as a multiple of the worst case
        self.sizes = OutputSizes()
        self._ignoring: set[str] = set()  # models that write more than their output limit
        self._waiting: list[asyncio.Future[None]] = []
        self._tiers = BilledTiers(tier_shares)
        self._any_tier_usd = 0.0  # of what is under way: that may turn out to be at any tier

    @property
    def room_usd(self) -> float | None:
        """What may still be spent, None without a cap."""
        cap_usd = self._purse.cap_usd
        if cap_usd is None:
            return None
        return cap_usd - self.spent_usd - self.held_usd - self._under_way_usd

    def exhausted(self, worst_usd: float | None = None) -> QuotaError:
        """The error for a request that may cost `worst_usd`, for which there is no room."""
        held = f", ${self.held_usd:.4f} is held for batches that are out" if self.held_usd else ""
        cost = f"{held}, and it may cost ${worst_usd:.4f}" if worst_usd is not None else held
        return QuotaError(
            f"the budget of ${self._purse.cap_usd or 0:.4f} has no room for the next request: "
            f"${self.spent_usd:.4f} is spent{cost}; raise it (--budget-usd, budget.usd) to go on"
        )

    def send(self, request: Request, enlargement: int = 1, *, may_be_limited: bool = False) -> Send:
        """One send of `request`, whose worst case is held for the length of its context.

        `enlargement` is the factor of its output limit. `may_be_limited`: it will go out with a
        smaller one if the send says so.

        Raises:
            QuotaError: it does not fit and nothing under way can make room (by the context).
            ConfigError: there is a cap and the model's price is unknown.
        """
        send = Send(self, request, worst_usage(request, enlargement), self._record)
        send.may_be_limited = may_be_limited and enlargement == 1
        return send

    def at_tier(self, usd: float | None, service_tier: str) -> float | None:
        """What is `usd` at the live price, at the price of a service tier."""
        return None if usd is None else usd * self._tiers.shares.get(service_tier, 1.0)

    async def wait_for_room(self, send: Send) -> None:
        """Return once the worst case of a send fits.

        Raises:
            QuotaError: it never will.
        """
        while self._purse.cap_usd is not None:
            lacking_usd = self._lacking_usd(send)
            if lacking_usd > 0.0 and await self._purse.grow(lacking_usd, send.worst_usd):
                continue
            if self._fits(send):
                return
            if not self._under_way_count:
                if await self._purse.recover(send.worst_usd):
                    continue
                raise self.exhausted(send.worst_usd)
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            await waiter

    def hold(self, send: Send) -> None:
        """Hold the worst case of a send, which fits."""
        self._under_way_usd += send.worst_usd
        self._under_way_count += 1
        if self._purse.cap_usd is not None and self._tiers.is_open(send.request):
            send.any_tier_usd = send.worst_usd
            self._any_tier_usd += send.worst_usd

    def end(self, send: Send) -> None:
        """Let go of what a send held, and count what it cost."""
        self._under_way_count -= 1
        self._under_way_usd -= send.worst_usd
        self._any_tier_usd -= send.any_tier_usd
        self.spent_usd += send.cost_usd
        if self._purse.cap_usd is not None:
            self._learn(send)
        if self._waiting:
            self._wake_all()

    def worst_usd(self, request: Request, usage: Usage) -> float:
        """What `usage` may cost: at the live price, or at that of a dearer tier.

        That is the one it asks for, or one that replies came at unasked.
        """
        return self._usd(request.model, usage) * self._tiers.share(request)

    def lowered_limit(self, request: SizedRequest) -> int | None:
        """An output limit that will do for a request and is below its own; None: its own."""
        return None if request.model in self._ignoring else self.sizes.enough_for(request)

    def _wake_all(self) -> None:
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def _fits(self, send: Send) -> bool:
        """Whether there is room for the worst case of a send, with an output limit if need be."""
        if send.may_be_limited and not send.output_limit and self._lacking_usd(send) > 0.0:
            self._limit_output(send)
        room_usd = self.room_usd or 0.0
        if self._under_way_count:
            any_tier_usd = send.worst_usd if self._tiers.is_open(send.request) else 0.0
            room_usd -= (self._tiers.dearest - 1.0) * (self._any_tier_usd + any_tier_usd)
        return send.worst_usd <= room_usd

    def _lacking_usd(self, send: Send) -> float:
        """How much more there would have to be for as many worst cases as there are requests."""
        count = self._under_way_count + len(self._waiting) + 1
        return count * send.worst_usd - (self.room_usd or 0.0) - self._under_way_usd

    def _limit_output(self, send: Send) -> None:
        tokens = self.lowered_limit(send.request)
        if tokens is not None:
            send.limit_output(tokens)

    def _learn(self, send: Send) -> None:
        """Draw conclusions from what a send cost."""
        request = send.request
        if send.is_known:
            self._tiers.learn(request, send.service_tier)
        if send.usage is not None:
            self.sizes.learn(request.model, request.purpose, send.usage.completion_tokens)
            if send.output_limit and send.usage.completion_tokens > send.output_limit:
                self._ignoring.add(request.model)
                return
        if send.cost_usd > send.worst_usd > 0.0:  # the server counts otherwise than we do
            worst_usd = self.worst_usd(request, send.worst_usage)  # others have taught meanwhile
            excess = self._excess.get(request.model, 1.0) * max(1.0, send.cost_usd / worst_usd)
            self._excess[request.model] = excess

    def _usd(self, model: str, usage: Usage) -> float:
        """What so many tokens cost at most, as far as is known; 0 if that is not."""
        usd = self.price(model, usage)
        if usd is not None:
            return usd * self._excess.get(model, 1.0)
        if self._purse.cap_usd is not None:
            raise unknown_price(model)
        return 0.0


def unknown_price(model: str) -> ConfigError:
    """The error for a model whose requests cannot be kept within a budget."""
    return ConfigError(
        f"the price of model {model!r} is unknown, so budget.usd cannot be kept; "
        f'give it as [prices."{model}"] with input and output in dollars per '
        "million tokens, or leave budget.usd unset"
    )
