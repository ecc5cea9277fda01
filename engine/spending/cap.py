"""The dollars that a budget may spend in all: the user's cap, or what others lend of it."""

from typing import Protocol


class SpendingCap(Protocol):
    """How much one budget may spend in all, from its start on; it may change while it spends."""

    @property
    def cap_usd(self) -> float | None:
        """What may be spent in all; None: any amount."""
        ...

    @property
    def most_usd(self) -> float | None:
        """What that may become; batches, which are noted before they go out, keep to this alone."""
        ...

    async def grow(self, usd: float, least_usd: float) -> bool:
        """Try to make room for `usd` more than there is, and for `least_usd` in all if that fails.

        Returns whether it is worth looking again.
        """
        ...

    async def recover(self, usd: float) -> bool:
        """Make room for `usd` where nothing of one's own can make room any more: wait for others.

        Raises:
            QuotaError: there are others, and none of them will give anything back.
        """
        ...


class FixedCap:
    """A cap that only this process spends from."""

    def __init__(self, cap_usd: float | None) -> None:
        self.cap_usd = self.most_usd = cap_usd

    async def grow(self, usd: float, least_usd: float) -> bool:
        """There is nothing more."""
        return False

    async def recover(self, usd: float) -> bool:
        """Nothing comes back: no other process holds a part of the cap."""
        return False
