"""Lends to the workers of one call after the other, so that a call need not wait for a lender."""

from pathlib import Path
from typing import NamedTuple

from engine.lease.claims import Claim, Demand, Lease
from engine.lease.lending import Lending


class LendingOrder(NamedTuple):
    """A call that is lent to: where its log lies; the others are those of `Lending`."""

    path: Path
    cap_usd: float | None
    spent_usd: float
    holder_count: int
    is_borrowing: bool


class CallLender:
    """Has a `Lending` for each call, opened when it is first asked for.

    Every method is told of which call it is, and is otherwise that of `Lending`. So one that was
    killed and is started again goes on from the log of any call. A call whose folder is gone has
    ended: nothing is lent for it.
    """

    def __init__(self) -> None:
        self._lendings: dict[Path, Lending] = {}

    async def renew(self, order: LendingOrder, claim: Claim) -> Lease:
        """As Lending.renew."""
        return await self._of(order).renew(claim)

    async def borrow(self, order: LendingOrder, until_s: float, usd: float) -> None:
        """As Lending.borrow."""
        await self._of(order).borrow(until_s, usd)

    async def demand(self, order: LendingOrder) -> Demand:
        """As Lending.demand."""
        return await self._of(order).demand()

    async def close(self, order: LendingOrder, holder: str, spent_usd: float) -> None:
        """As Lending.close."""
        await self._of(order).close(holder, spent_usd)

    async def forfeit(self, order: LendingOrder, holder: str) -> None:
        """As Lending.forfeit."""
        await self._of(order).forfeit(holder)

    async def revoke(self, order: LendingOrder, holder: str) -> float:
        """As Lending.revoke."""
        return await self._of(order).revoke(holder)

    def _of(self, order: LendingOrder) -> Lending:
        if (lending := self._lendings.get(order.path)) is None:
            self._forget_ended()
            lending = self._lendings[order.path] = Lending(
                order.path,
                cap_usd=order.cap_usd,
                spent_usd=order.spent_usd,
                holder_count=order.holder_count,
                is_borrowing=order.is_borrowing,
            )
        return lending

    def _forget_ended(self) -> None:
        for path in [path for path in self._lendings if not path.exists()]:
            self._lendings.pop(path).end()
