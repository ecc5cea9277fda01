"""The cap on what a run may cost: a request is admitted only if its worst case still fits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from engine.ask import Lane
from engine.errors import ConfigError, QuotaError
from engine.wire.prices import ALL_SENDS, Price, worst_case_usd
from schemas.outcomes import Outcome
from schemas.requests import Request


class Reservation:
    """What one request may cost, until it is known what it did cost."""

    def __init__(self) -> None:
        self.spent_usd = 0.0

    def settle(self, cost_usd: float | None) -> None:
        """Replace the worst case by what was really paid."""
        self.spent_usd = cost_usd or 0.0


class Budget:
    """Dollars spent and reserved over the life of a run; many may reserve concurrently.

    Without a cap it only adds up. With one, a request waits while others' reservations may still
    turn out smaller, and QuotaError ends the run when nothing is left to wait for. `held_usd` is
    what batches that are out may still cost.
    """

    def __init__(self, *, cap_usd: float | None, spent_usd: float, price: Price) -> None:
        self._cap_usd = cap_usd
        self._price = price
        self._reserved_usd = 0.0
        self._reservation_count = 0  # sums of floats do not come back to 0 exactly
        self._settled = asyncio.Condition()
        self.spent_usd = spent_usd
        self.held_usd = 0.0

    @property
    def room_usd(self) -> float | None:
        """What may still be spent, None without a cap."""
        if self._cap_usd is None:
            return None
        return self._cap_usd - self.spent_usd - self.held_usd - self._reserved_usd

    def exhausted(self, worst_usd: float | None = None) -> QuotaError:
        """The error for a request that may cost `worst_usd`, for which there is no room."""
        held = f", ${self.held_usd:.4f} is held for batches that are out" if self.held_usd else ""
        cost = f"{held}, and it may cost ${worst_usd:.4f}" if worst_usd is not None else held
        return QuotaError(
            f"the budget of ${self._cap_usd or 0:.4f} has no room for the next request: "
            f"${self.spent_usd:.4f} is spent{cost}; raise it (--budget-usd, budget.usd) to go on"
        )

    @asynccontextmanager
    async def reserve(self, request: Request) -> AsyncIterator[Reservation]:
        """Hold the worst case of `request` for the length of the context.

        Raises:
            QuotaError: it does not fit and nothing in flight can make room.
            ConfigError: there is a cap and the model's price is unknown.
        """
        reservation = Reservation()
        if self._cap_usd is None:
            yield reservation
            self.spent_usd += reservation.spent_usd
            return
        worst_usd = self._worst_case_usd(request)
        await self._admit(worst_usd)
        try:
            yield reservation
        finally:
            async with self._settled:
                self._reserved_usd -= worst_usd
                self._reservation_count -= 1
                self.spent_usd += reservation.spent_usd
                self._settled.notify_all()

    async def _admit(self, worst_usd: float) -> None:
        async with self._settled:
            while worst_usd > (self.room_usd or 0.0):
                if not self._reservation_count:
                    raise self.exhausted(worst_usd)
                await self._settled.wait()
            self._reserved_usd += worst_usd
            self._reservation_count += 1

    def _worst_case_usd(self, request: Request) -> float:
        worst_usd = worst_case_usd(self._price, request, ALL_SENDS)
        if worst_usd is None:
            raise unknown_price(request.model)
        return worst_usd


class BudgetedLane:
    """A lane that sends a request only if its worst case fits into the budget."""

    def __init__(self, lane: Lane, budget: Budget) -> None:
        self._lane = lane
        self._budget = budget

    async def send(self, request: Request) -> Outcome:
        """Return how `request` ended. Raises what the lane and `Budget.reserve` raise."""
        async with self._budget.reserve(request) as reservation:
            outcome = await self._lane.send(request)
            reservation.settle(outcome.cost_usd)
        return outcome

    async def aclose(self) -> None:
        """Close the lane."""
        await self._lane.aclose()


def unknown_price(model: str) -> ConfigError:
    """The error for a model whose requests cannot be kept within a budget."""
    return ConfigError(
        f"the price of model {model!r} is unknown, so budget.usd cannot be kept; "
        f'give it as [prices."{model}"] with input and output in dollars per '
        "million tokens, or leave budget.usd unset"
    )
