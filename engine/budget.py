"""The cap on what a run may cost: a request goes out only if its worst case still fits."""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from types import TracebackType

from engine.errors import (
    REPLY_TOO_LARGE,
    ConfigError,
    FatalError,
    NeverSentError,
    QuotaError,
    RateLimitError,
    RequestError,
    TransientError,
)
from engine.files.sends import SendRecord, Unrecorded
from engine.wire.prices import PUBLIC_TIER_SHARES, Price, worst_usage
from schemas.outcomes import Usage
from schemas.requests import Request, asked_tier

# HTTP statuses of gateways that gave up waiting: behind them an answer may have been made.
MAYBE_BILLED_STATUSES = frozenset({408, 502, 504, 520, 524})


class Send:
    """One send of a request: its worst case is held until it is known what it cost.

    From `begin` on it counts as billed, unless `pay` or an error's kind says otherwise.
    """

    def __init__(
        self, request_id: str, worst_usage: Usage, worst_usd: float, record: SendRecord
    ) -> None:
        self.request_id = request_id
        self.worst_usage = worst_usage
        self.worst_usd = worst_usd
        self.has_begun = False
        self.is_known = False
        self.cost_usd = 0.0
        self._record = record

    async def begin(self) -> None:
        """The request goes out now; returns once a later process would know.

        Raises:
            StorageError: that cannot be kept, so it must not go out.
        """
        if self.worst_usd:
            await self._record.sent(self.request_id, self.worst_usd)
        self.has_begun = True

    def pay(self, cost_usd: float | None) -> None:
        """It was answered and cost so much; None: the price is unknown."""
        self.is_known = True
        self.cost_usd = cost_usd or 0.0

    async def fail(self, error: BaseException) -> None:
        """It ended with `error`; what may have been billed counts in full."""
        if not self.has_begun or self.is_known:
            return
        if may_be_billed(error):
            self.cost_usd = self.worst_usd
            if self.worst_usd:
                await self._record.lost(self.request_id, self.worst_usd)
        elif self.worst_usd:
            self._record.unbilled(self.request_id, self.worst_usd)


def may_be_billed(error: BaseException) -> bool:
    """Whether a send that ended with `error` may stand on the provider's bill all the same."""
    if isinstance(error, RequestError | FatalError | RateLimitError):
        return isinstance(error, RequestError) and error.code == REPLY_TOO_LARGE
    if not isinstance(error, TransientError):
        return True  # such as a cancelled wait for the reply
    if error.status is None or error.status < 300:
        return not isinstance(error, NeverSentError)
    return error.status in MAYBE_BILLED_STATUSES


class _UnderWay:
    """The length of one send. A class, because a generator costs 6 us more for each."""

    __slots__ = ("_budget", "_model", "_send")

    def __init__(self, budget: "Budget", request: Request, send: Send) -> None:
        self._budget = budget
        self._model = request.model
        self._send = send

    async def __aenter__(self) -> Send:
        await self._budget.admit(self._send.worst_usd)
        return self._send

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is not None:
                await self._send.fail(error)
        finally:
            self._budget.end(self._model, self._send)


class Budget:
    """Dollars spent and held over the life of a run; many may send concurrently.

    Without a cap it only adds up. With one, a request waits while sends under way may still turn
    out cheaper than their worst case, and QuotaError ends the run when nothing is left to wait
    for. `tier_shares` are what service tiers cost, as shares of the live price. `held_usd` is what
    batches that are out may still cost. At every moment what is spent,
    held and under way is within the cap together, so the provider's bill is too.
    """

    def __init__(
        self,
        *,
        cap_usd: float | None,
        spent_usd: float,
        price: Price,
        record: SendRecord = Unrecorded(),  # noqa: B008 - has no state
        tier_shares: Mapping[str, float] = PUBLIC_TIER_SHARES,
    ) -> None:
        self.price = price
        self.tier_shares = tier_shares
        self.spent_usd = spent_usd
        self.held_usd = 0.0
        self._cap_usd = cap_usd
        self._record = record
        self._under_way_usd = 0.0
        self._under_way_count = 0  # sums of floats do not come back to 0 exactly
        self._excess: dict[str, float] = {}  # by model: the bill as a multiple of the worst case
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def room_usd(self) -> float | None:
        """What may still be spent, None without a cap."""
        if self._cap_usd is None:
            return None
        return self._cap_usd - self.spent_usd - self.held_usd - self._under_way_usd

    def exhausted(self, worst_usd: float | None = None) -> QuotaError:
        """The error for a request that may cost `worst_usd`, for which there is no room."""
        held = f", ${self.held_usd:.4f} is held for batches that are out" if self.held_usd else ""
        cost = f"{held}, and it may cost ${worst_usd:.4f}" if worst_usd is not None else held
        return QuotaError(
            f"the budget of ${self._cap_usd or 0:.4f} has no room for the next request: "
            f"${self.spent_usd:.4f} is spent{cost}; raise it (--budget-usd, budget.usd) to go on"
        )

    def send(self, request: Request, enlargement: int = 1) -> AbstractAsyncContextManager[Send]:
        """Hold the worst case of one send of `request` for the length of the context.

        `enlargement` is the factor of its output limit.

        Raises:
            QuotaError: it does not fit and nothing under way can make room.
            ConfigError: there is a cap and the model's price is unknown.
        """
        usage = worst_usage(request, enlargement)
        worst_usd = self._worst_usd(request.model, usage)
        if request.way:
            worst_usd *= max(1.0, self.tier_shares.get(asked_tier(request), 1.0))
        return _UnderWay(self, request, Send(request.request_id, usage, worst_usd, self._record))

    def at_tier(self, usd: float | None, service_tier: str) -> float | None:
        """What is `usd` at the live price, at the price of a service tier."""
        return None if usd is None else usd * self.tier_shares.get(service_tier, 1.0)

    async def admit(self, worst_usd: float) -> None:
        """Hold `worst_usd`, once there is room for it; raises QuotaError if there will be none."""
        while (room_usd := self.room_usd) is not None and worst_usd > room_usd:
            if not self._under_way_count:
                raise self.exhausted(worst_usd)
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            await waiter
        self._under_way_usd += worst_usd
        self._under_way_count += 1

    def end(self, model: str, send: Send) -> None:
        """Let go of what a send held, and count what it cost."""
        self._under_way_count -= 1
        self._under_way_usd -= send.worst_usd
        self.spent_usd += send.cost_usd
        if send.cost_usd > send.worst_usd > 0.0:  # the server counts otherwise than we do
            excess = self._excess.get(model, 1.0) * send.cost_usd / send.worst_usd
            self._excess[model] = excess
        if self._waiting:
            self._wake_all()

    def _wake_all(self) -> None:
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def _worst_usd(self, model: str, usage: Usage) -> float:
        worst_usd = self.price(model, usage)
        if worst_usd is not None:
            return worst_usd * self._excess.get(model, 1.0)
        if self._cap_usd is not None:
            raise unknown_price(model)
        return 0.0


def unknown_price(model: str) -> ConfigError:
    """The error for a model whose requests cannot be kept within a budget."""
    return ConfigError(
        f"the price of model {model!r} is unknown, so budget.usd cannot be kept; "
        f'give it as [prices."{model}"] with input and output in dollars per '
        "million tokens, or leave budget.usd unset"
    )
