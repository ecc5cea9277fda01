"""The cap on what a run may cost: a request goes out only if its worst case still fits."""

import asyncio
from collections.abc import Mapping

from engine.errors import QuotaError
from engine.spending.cap import FixedCap, SpendingCap
from engine.spending.send import Send, SendRecord, Unrecorded
from engine.wire.billing_habits import BillingHabits, TierKind, tier_kind
from engine.wire.output_sizes import OutputSizes
from engine.wire.prices import PUBLIC_TIER_SHARES, Price, unknown_price, worst_usage
from schemas.outcomes import Usage
from schemas.requests import Request


class Budget:
    """Dollars spent and held over the life of a run; many may send concurrently.

    Without a cap it only adds up. With one, a request waits while sends under way may still turn
    out cheaper than their worst case, and QuotaError ends the run when nothing is left to wait
    for. `tier_shares` are what service tiers cost, as shares of the live price. `held_usd` is what
    batches that are out may still cost. At every moment what is spent, held and under way is
    within the cap together, so the provider's bill is too.

    Once what is left would not do for the worst case of all that are under way or wait, requests
    go out with an output limit that replies so far stayed well below. So their worst case is near
    their cost, and as many go out at once as before, but for the last dollars. `sizes` is what
    replies were like.

    An account may bill requests at a dearer tier than they ask for. Until a reply has told the
    tier of such requests, their worst case is at the dearest; afterwards at the dearest that was
    seen. What asks for no tier goes out only if all that is under way might turn out to be at the
    dearest all the same, for a project may change it.
    """

    def __init__(
        self,
        *,
        cap_usd: float | None,
        spent_usd: float,
        price: Price,
        record: SendRecord = Unrecorded(),  # noqa: B008 - has no state
        tier_shares: Mapping[str, float] = PUBLIC_TIER_SHARES,
        cap: SpendingCap | None = None,
    ) -> None:
        self.price = price
        self.spent_usd = spent_usd
        self.held_usd = 0.0
        self.record = record
        self._cap = cap or FixedCap(cap_usd)
        self._under_way_usd = 0.0
        self._under_way_count = 0  # sums of floats do not come back to 0 exactly
        self._surplus_usd = 0.0  # of all that are under way
        self._waiting: list[asyncio.Future[None]] = []
        self.sizes = OutputSizes()
        self.habits = BillingHabits(tier_shares)

    @property
    def room_usd(self) -> float | None:
        """What may still be spent, None without a cap."""
        cap_usd = self._cap.cap_usd
        if cap_usd is None:
            return None
        return cap_usd - self.spent_usd - self.held_usd - self._under_way_usd

    @property
    def batch_room_usd(self) -> float | None:
        """What batches may still spend, None without a cap."""
        if self._cap.most_usd is None:
            return None
        return self._cap.most_usd - self.spent_usd - self.held_usd - self._under_way_usd

    def exhausted(self, send: Send | None = None) -> QuotaError:
        """The error for a request for which there is no room: one that is to be sent, or any."""
        held = f", ${self.held_usd:.4f} is held for batches that are out" if self.held_usd else ""
        cost = f", and it may cost ${send.most_usd:.4f}" if send else ""
        if send and send.most_usd > self._asked_usd(send):
            cost += " at the dearest service tier that an account may bill at unasked ([tiers])"
        cap = f"the budget of ${self._cap.most_usd or 0:.4f} has no room for the next request"
        advice = "raise it (--budget-usd, budget.usd) to go on"
        return QuotaError(f"{cap}: ${self.spent_usd:.4f} is spent{held}{cost}; {advice}")

    def send(
        self,
        request: Request,
        enlargement: int = 1,
        *,
        may_be_limited: bool = False,
        asked_tier: str | None = None,
    ) -> Send:
        """One send of `request`, whose worst case is held for the length of its context.

        `enlargement` is the factor of its output limit. `may_be_limited`: it will go out with a
        smaller one if the send says so. `asked_tier` is the service tier that it will ask for;
        None: what stands in it.

        Raises:
            QuotaError: it does not fit and nothing under way can make room (by the context).
            ConfigError: there is a cap and the model's price is unknown.
        """
        usage, kind = worst_usage(request, enlargement), tier_kind(request, asked_tier)
        send = Send(self, request, usage, kind)
        send.may_be_limited = may_be_limited and enlargement == 1
        return send

    def at_tier(self, usd: float | None, service_tier: str) -> float | None:
        """What is `usd` at the live price, at the price of a service tier."""
        return None if usd is None else usd * self.habits.shares.get(service_tier, 1.0)

    async def wait_for_room(self, send: Send) -> None:
        """Return once the worst case of a send fits; QuotaError: it never will."""
        while self._cap.cap_usd is not None:
            lacking_usd = self._lacking_usd(send)
            if lacking_usd > 0.0 and await self._cap.grow(lacking_usd, send.most_usd):
                continue
            if self._fits(send):
                return
            if not self._under_way_count:
                if await self._cap.recover(send.most_usd):
                    continue
                raise self.exhausted(send)
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            await waiter
            send.price_anew()

    def hold(self, send: Send) -> None:
        """Hold the worst case of a send, which fits."""
        self._under_way_usd += send.worst_usd
        self._surplus_usd += send.surplus_usd
        self._under_way_count += 1

    def end(self, send: Send) -> None:
        """Let go of what a send held, and count what it cost."""
        self._under_way_count -= 1
        self._under_way_usd -= send.worst_usd
        self._surplus_usd -= send.surplus_usd
        self.spent_usd += send.cost_usd
        if self._cap.cap_usd is not None:
            self._learn(send)
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def worst_usd(self, kind: TierKind, usage: Usage) -> float:
        """What `usage` may cost: at the price of the tier it asks for, or of one seen instead.

        With a cap at that of the dearest tier until one was seen. 0 if the price is not known.

        Raises:
            ConfigError: there is a cap, and the price is not known.
        """
        has_cap, usd = self._cap.cap_usd is not None, self.price(kind.model, usage)
        if usd is None and has_cap:
            raise unknown_price(kind.model)
        factor = self.habits.factor(kind) if has_cap else self.habits.asked_factor(kind)
        return (usd or 0.0) * factor

    def _fits(self, send: Send) -> bool:
        """Whether there is room for the worst case of a send, with an output limit if need be."""
        is_short = send.may_be_limited and not send.output_limit and self._lacking_usd(send) > 0.0
        if is_short and (tokens := self.sizes.enough_for(send.request)) is not None:
            send.limit_output(tokens)
        surplus_usd = self._surplus_usd if self._under_way_count else 0.0
        return send.most_usd <= (self.room_usd or 0.0) - surplus_usd

    def _lacking_usd(self, send: Send) -> float:
        """How much more there would have to be for as many worst cases as there are requests."""
        count = self._under_way_count + len(self._waiting) + 1
        return count * send.most_usd - (self.room_usd or 0.0) - self._under_way_usd

    def _asked_usd(self, send: Send) -> float:
        """What a send may cost by the tier that it asks for."""
        usd = self.price(send.kind.model, send.worst_usage) or 0.0
        return usd * self.habits.asked_factor(send.kind)

    def _learn(self, send: Send) -> None:
        """Draw conclusions from what a send cost."""
        request = send.request
        if send.is_known:
            self.habits.learn_tier(send.kind, send.service_tier)
        if send.usage is not None:
            tokens = send.usage.completion_tokens
            self.sizes.learn(request.model, request.purpose, tokens)
            if self.sizes.learn_limited(request.model, send.output_limit, tokens):
                return
        if send.is_known:
            worst_usd = self.worst_usd(send.kind, send.worst_usage)  # by what was told meanwhile
            self.habits.learn_excess(send.kind, send.cost_usd, worst_usd)
