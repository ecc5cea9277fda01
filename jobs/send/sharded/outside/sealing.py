"""While a worker writes a segment it is sealed every few seconds; where not, nothing is lent."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from engine.beside import beside
from engine.clock import Clock
from engine.errors import ConfigError, EngineError, StorageError, TransientError
from engine.lease.claims import Claim, Lease, Lender
from jobs.send.sharded.outside.epochs import StoreEpochs
from jobs.send.sharded.outside.sealer import Sealer
from jobs.send.sharded.outside.spool import note_own
from jobs.send.sharded.outside.stores import Store
from jobs.send.sharded.shards import Segment, Shard

SEAL_EVERY_S = 2.0
MAX_UNSEALED_S = 5.0  # where sealing takes longer nothing further is lent; what is lent lasts 5 s
FINISH_S = 60.0  # for which the last of a segment is tried to be sealed
RETRY_S = 1.0
NOT_SEALED = "not_sealed"

InThread = Callable[[Callable[[], None]], Awaitable[None]]

_log = logging.getLogger(__name__)


class Sealing:
    """Seals the segment that its worker claims: this is the `Epochs` of the worker's shard."""

    def __init__(self, store: Store, clock: Clock, in_thread: InThread = asyncio.to_thread) -> None:
        """`in_thread` has what blocks done beside the event loop."""
        self._store = store
        self._in_thread = in_thread
        self._epochs = StoreEpochs(store)
        self._clock = clock
        self._segment: Segment | None = None
        self._sealer: Sealer | None = None
        self._sealed_s = clock.monotonic_s()
        self._trouble = ""
        self.is_whole = False  # whether all is sealed, and nothing further will be written

    def claim(self, segment: Segment) -> bool:
        """As Epochs.claim; what is claimed is sealed from now on."""
        if not self._epochs.claim(segment):
            return False
        note_own(segment)
        self._sealed_s = self._clock.monotonic_s()
        self._sealer, self._segment = Sealer(self._store, segment), segment
        return True

    def is_superseded(self, segment: Segment) -> bool:
        """As Epochs.is_superseded, as of the last time that it was sealed."""
        return self._epochs.is_superseded(segment)

    async def last(self, shard: Shard) -> Segment | None:
        """As Epochs.last."""
        return await self._epochs.last(shard)

    @asynccontextmanager
    async def under_way(self) -> AsyncIterator[None]:
        """While the block runs what it claims is sealed; at its end, all of it.

        Raises:
            StorageError: the last of it could not be sealed: nobody will have it.
            EngineError: what the block raises.
        """
        ended_by: EngineError | None = None
        try:
            async with beside(self._keep()):
                yield
        except EngineError as error:
            ended_by = error
        try:
            await self._finish()
        except StorageError as error:
            if ended_by is None:
                raise
            raise StorageError(f"{ended_by}; besides, {error}") from error
        if ended_by is not None:
            raise ended_by

    def require_sealed(self) -> None:
        """Raise TransientError if what was written long ago is not sealed yet."""
        unsealed_s = self._clock.monotonic_s() - self._sealed_s
        if unsealed_s > SEAL_EVERY_S + MAX_UNSEALED_S:
            raise TransientError(
                f"for {unsealed_s:.0f} s nothing was sealed: {self._trouble or 'no answer'}",
                code=NOT_SEALED,
            )

    async def _keep(self) -> None:
        while True:
            await self._clock.sleep(SEAL_EVERY_S)
            await self._try_to_seal()

    async def _finish(self) -> None:
        until_s = self._clock.monotonic_s() + FINISH_S
        while not await self._try_to_seal():
            if self._clock.monotonic_s() > until_s:
                assert self._segment is not None
                raise StorageError(
                    f"{self._segment.folder} on {socket.gethostname()}: what was written last "
                    f"could not be sealed ({self._trouble}); it is bought again, and counts"
                )
            await self._clock.sleep(RETRY_S)
        self.is_whole = True

    async def _try_to_seal(self) -> bool:
        began_s = self._clock.monotonic_s()
        try:
            await self._in_thread(self._seal)
        except (TransientError, ConfigError) as error:
            if not self._trouble:
                _log.warning("what workers write cannot be sealed: %s", error)
            self._trouble = str(error)
            return False
        self._sealed_s, self._trouble = began_s, ""
        return True

    def _seal(self) -> None:
        """Seal what there is, unless the shard is all done and nobody wants it any more."""
        segment, sealer = self._segment, self._sealer
        if segment is not None and sealer is not None and self._epochs.look(segment):
            sealer.seal()


class SealedLender:
    """A lender that lends nothing further to a worker whose work is not sealed."""

    def __init__(self, lender: Lender, sealing: Sealing) -> None:
        self._lender = lender
        self._sealing = sealing

    async def renew(self, claim: Claim) -> Lease:
        """As Lender.renew; raises TransientError too where sealing has come to a halt."""
        self._sealing.require_sealed()
        return await self._lender.renew(claim)

    async def close(self, holder: str, spent_usd: float) -> None:
        """As Lender.close."""
        await self._lender.close(holder, spent_usd)
