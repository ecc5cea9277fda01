"""A lender whose leases outlive it: each is on disk before it is told."""

from pathlib import Path

from engine.clock import Clock, SystemClock
from engine.lease.claims import Claim, Demand, Lease
from engine.lease.lease_log import LeaseLog, read_leases
from engine.lease.leases import TTL_S, Holder, Leases


class Lending:
    """Leases of one account with their log. Calls come from one event loop, any number at once.

    On the log of one that was killed it goes on: what that one lent counts as lent.
    """

    def __init__(
        self,
        path: Path,
        *,
        cap_usd: float | None,
        spent_usd: float,
        holder_count: int,
        clock: Clock | None = None,
        ttl_s: float = TTL_S,
        is_borrowing: bool = False,
    ) -> None:
        """Open the log at `path`; the other arguments are those of `Leases`.

        Raises:
            DamagedLogError: a line is not one of this log.
            StorageError: the disk refused it.
        """
        self._clock = clock or SystemClock()
        self._leases = Leases(
            cap_usd=cap_usd,
            spent_usd=spent_usd,
            holder_count=holder_count,
            clock=self._clock,
            ttl_s=ttl_s,
            is_borrowing=is_borrowing,
            on_change=self._write,
        )
        for holder in read_leases(path):
            self._leases.restore(holder)
        self._log = LeaseLog(path, self._leases.state())

    async def renew(self, claim: Claim) -> Lease:
        """What the holder has from now on; it is on disk.

        Raises:
            StorageError: the disk refused it.
        """
        lease = self._leases.renew(claim)
        self._log.touch(self._clock.monotonic_s())
        await self._keep()
        return lease

    async def borrow(self, until_s: float, usd: float) -> None:
        """Lend until then on the clock of this machine, by so many dollars in all."""
        self._leases.borrow(until_s, usd)

    async def demand(self) -> Demand:
        """What there is to borrow for."""
        return self._leases.demand

    async def close(self, holder: str, spent_usd: float) -> None:
        """The holder has ended, and has spent so much.

        Raises:
            StorageError: the disk refused it.
        """
        self._leases.close(holder, spent_usd)
        await self._keep()

    async def forfeit(self, holder: str) -> None:
        """The holder has ended, and may have spent all that it was lent.

        Raises:
            StorageError: the disk refused it.
        """
        self._leases.forfeit(holder)
        await self._keep()

    async def revoke(self, holder: str) -> float:
        """Lend a holder nothing more; for how many seconds it may still begin to send.

        Raises:
            StorageError: the disk refused it.
        """
        lasts_s = self._leases.revoke(holder)
        await self._keep()
        return lasts_s

    @property
    def spent_usd(self) -> float:
        """What is known to be spent."""
        return self._leases.spent_usd

    def end(self) -> None:
        """Close the log."""
        self._log.close()

    async def _keep(self) -> None:
        await self._log.sync()
        if self._log.is_long:
            await self._log.fold(self._leases.state())

    def _write(self, holder: Holder) -> None:
        self._log.write(holder)
