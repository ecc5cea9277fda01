"""The cap on what a run may cost: a request is admitted only if its worst case still fits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from engine.errors import ConfigError, QuotaError
from engine.prices import Price
from schemas.outcomes import Usage
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
    turn out smaller, and QuotaError ends the run when nothing is left to wait for.
    """

    def __init__(self, *, cap_usd: float | None, spent_usd: float, price: Price) -> None:
        self._cap_usd = cap_usd
        self._price = price
        self._reserved_usd = 0.0
        self._reservation_count = 0  # sums of floats do not come back to 0 exactly
        self._settled = asyncio.Condition()
        self.spent_usd = spent_usd

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
        await self._admit(worst_usd, self._cap_usd)
        try:
            yield reservation
        finally:
            async with self._settled:
                self._reserved_usd -= worst_usd
                self._reservation_count -= 1
                self.spent_usd += reservation.spent_usd
                self._settled.notify_all()

    async def _admit(self, worst_usd: float, cap_usd: float) -> None:
        async with self._settled:
            while self.spent_usd + self._reserved_usd + worst_usd > cap_usd:
                if not self._reservation_count:
                    raise QuotaError(
                        f"the budget of ${cap_usd:.4f} has no room for the next request: "
                        f"${self.spent_usd:.4f} is spent, and it may cost ${worst_usd:.4f}; raise "
                        "it (--budget-usd, budget.usd) to go on"
                    )
                await self._settled.wait()
            self._reserved_usd += worst_usd
            self._reservation_count += 1

    def _worst_case_usd(self, request: Request) -> float:
        # A reply that was cut off at its limit is asked once more with twice the limit.
        usage = Usage(
            prompt_tokens=2 * request.prompt_tokens,
            completion_tokens=3 * request.max_output_tokens,
        )
        worst_usd = self._price(request.model, usage)
        if worst_usd is None:
            raise ConfigError(
                f"the price of model {request.model!r} is unknown, so budget.usd cannot be kept; "
                f'give it as [prices."{request.model}"] with input and output in dollars per '
                "million tokens, or leave budget.usd unset"
            )
        return worst_usd
