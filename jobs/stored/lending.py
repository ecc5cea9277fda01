"""Lends a command what it needs to send, for as long as what it writes is sealed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from engine.clock import Clock, SystemClock
from engine.errors import ConfigError, RunInUseError, TransientError
from engine.lease.claims import Claim, Lease
from engine.lease.leases import TTL_S
from engine.stopping import Stopping
from jobs.send.sharded.outside.sealing import NOT_SEALED, SEAL_EVERY_S
from jobs.stored.session import Session

STEP_SHARE = 0.01  # of the budget: lent at least, so that not each request needs a seal
SOON_S = 0.05

InThread = Callable[[Callable[[], None]], Awaitable[None]]

_log = logging.getLogger(__name__)


class StoredLender:
    """Lends the whole account, each time that all is sealed: so it lasts from seal to seal.

    Dollars are lent once the store knows of them: another machine, that has nothing but the store,
    counts as spent what was lent. Its holders send in turn: the command, and workers while it waits
    for them. So each one's figures are of the whole run, and the most that one has counts.
    """

    def __init__(
        self,
        session: Session,
        *,
        budget_usd: float | None,
        stopping: Stopping,
        clock: Clock | None = None,
        in_thread: InThread = asyncio.to_thread,
    ) -> None:
        """`in_thread` has what blocks done beside the event loop."""
        self._session = session
        self._budget_usd = budget_usd
        self._stopping = stopping
        self._clock = clock or SystemClock()
        self._in_thread = in_thread
        self._granted_usd: dict[str, float] = {}
        self._is_away = False

    async def renew(self, claim: Claim) -> Lease:
        """As Lender.renew: all that is written by now is sealed.

        Raises:
            TransientError: it cannot be, yet.
            RunInUseError: another machine goes on with the run.
        """
        began_s, granted_usd = self._clock.monotonic_s(), self._grant(claim)
        self._granted_usd[claim.holder] = granted_usd
        lent_usd = max(self._granted_usd.values()) if self._budget_usd is not None else None
        await self._try(partial(self._session.seal, lent_usd))
        return Lease(
            parts=dict.fromkeys(claim.wants, 1.0),
            ttl_s=TTL_S,
            again_s=max(SOON_S, SEAL_EVERY_S - (self._clock.monotonic_s() - began_s)),
            granted_usd=granted_usd,
            spent_usd=claim.spent_usd,
            held_usd=0.0,
        )

    async def close(self, holder: str, spent_usd: float) -> None:
        """As Lender.close: what was spent is written, and sealed the next time."""
        self._granted_usd.pop(holder, None)

    async def back_up(self) -> None:
        """As SealingLender.back_up."""
        await self._try(self._session.seal_more)

    def _grant(self, claim: Claim) -> float:
        """What may be spent in all: as Leases has it where there is one holder."""
        if self._budget_usd is None:
            return claim.used_usd + claim.wanted_usd
        free_usd = max(0.0, self._budget_usd - claim.used_usd)
        if claim.least_usd > free_usd:
            return claim.used_usd
        wanted_usd = max(claim.wanted_usd, self._budget_usd * STEP_SHARE)
        return claim.used_usd + min(wanted_usd, free_usd)

    async def _try(self, seal: Callable[[], None]) -> None:
        try:
            await self._in_thread(seal)
        except RunInUseError as error:
            self._stopping.request(error)
            raise
        except (TransientError, ConfigError) as error:
            if not self._is_away:
                _log.warning("the run cannot be stored, so nothing is sent: %s", error)
            self._is_away = True
            raise TransientError(str(error), code=NOT_SEALED) from error
        if self._is_away:
            _log.warning("the run is stored again")
        self._is_away = False
