"""Takes intended batches to the provider: each file uploaded once, each batch created once."""

import logging
from datetime import datetime, timedelta

from engine.batch.client import HASH_KEY, NAME_KEY, OWNER_KEY
from engine.batch.folder import BatchFolder
from engine.batch.ledger import BatchLedger
from engine.batch.provider import Provider
from engine.clock import Clock
from engine.errors import NOT_FOUND, RequestError, TransientError
from engine.stopping import Admission
from schemas.batches import Batch, BatchFacts

CLOCK_SKEW = timedelta(days=1)  # between our clock and the provider's, at the very most
FILE_WAITS_S = (0.5, 1.0, 2.0, 4.0)  # a file may be "not found" for a moment after its upload
FILE_PATIENCE = timedelta(minutes=10)  # a file that is not found for longer is gone

_log = logging.getLogger(__name__)


class Submitter:
    """Drives every intent to a batch id. Any step may be the last before a crash.

    A call whose fate is unknown (an earlier process made it, or its reply was lost) is not made
    again before the provider's lists say that it left nothing.
    """

    def __init__(
        self,
        folder: BatchFolder,
        ledger: BatchLedger,
        provider: Provider,
        *,
        settle_s: float,
        clock: Clock,
        admission: Admission,
    ) -> None:
        self._folder = folder
        self._ledger = ledger
        self._provider = provider
        self._settle_s = settle_s
        self._clock = clock
        self._admission = admission
        self._opened_at = clock.utc_now()
        self._unsent: set[tuple[str, str]] = set()  # calls of ours that were never made
        self._asked_at: dict[str, datetime] = {}

    def note_intent(self, name: str) -> None:
        """Know that this process has intended the batch and made no call for it."""
        self._unsent |= {(name, "upload"), (name, "create")}

    async def submit(self) -> None:
        """Submit what is intended and not yet created.

        Raises:
            TransientError: the provider does not answer; what is left is submitted later.
            FatalError: the provider refuses the key, the model or for want of money.
            What the stop of the run is for, if that comes first.
        """
        for batch in list(self._ledger.out()):
            self._admission.check()
            if not batch.facts.batch_id and not batch.has_ended:
                await self._submit(batch)

    async def _submit(self, batch: Batch) -> None:
        try:
            if not batch.facts.file_id:
                file_id = await self._uploaded(batch)
                await self._ledger.add(batch.name, "uploaded", BatchFacts(file_id=file_id))
            facts = await self._created(self._ledger.get(batch.name))
        except RequestError as error:
            refused = BatchFacts(status="failed", problem_code=error.code, problem=str(error))
            await self._ledger.add(batch.name, "polled", refused)
            return
        await self._ledger.add(batch.name, "created", facts)
        _log.info("batch %s: %s requests submitted", batch.name, f"{batch.facts.request_count:,}")

    async def _uploaded(self, batch: Batch) -> str:
        name = self._folder.remote_name(batch.name, str(batch.facts.sha256))
        if not self._is_first(batch, "upload"):
            await self._let_settle(batch)
            file_id = await self._provider.find_file(name, _intended_at(batch) - CLOCK_SKEW)
            if file_id is not None:
                return file_id
        self._asked_at[batch.name] = self._clock.utc_now()
        return await self._provider.upload(self._folder.input_path(batch.name), name)

    async def _created(self, batch: Batch) -> BatchFacts:
        metadata = {
            OWNER_KEY: self._folder.owner_id,
            NAME_KEY: batch.name,
            HASH_KEY: str(batch.facts.sha256),
        }
        if not self._is_first(batch, "create"):
            await self._let_settle(batch)
            found = await self._provider.find(metadata, _intended_at(batch) - CLOCK_SKEW)
            if found is not None:
                return found
        await self._await_file(batch)
        self._asked_at[batch.name] = self._clock.utc_now()
        return await self._provider.create(str(batch.facts.file_id), str(batch.facts.url), metadata)

    async def _await_file(self, batch: Batch) -> None:
        """Return once the provider knows the file: else it would refuse the batch as a whole."""
        file_id = str(batch.facts.file_id)
        for pause_s in (*FILE_WAITS_S, None):
            if await self._provider.has_file(file_id):
                return
            if pause_s is not None:
                await self._admission.sleep(pause_s)
        age = self._clock.utc_now() - datetime.fromisoformat(batch.changed_at)
        if age < FILE_PATIENCE:
            raise TransientError(f"file {file_id} is not found at the provider yet", code=NOT_FOUND)
        raise RequestError(f"file {file_id} is gone at the provider", code=NOT_FOUND)

    def _is_first(self, batch: Batch, call: str) -> bool:
        """Whether a call is made for the first time ever; from now on it is not."""
        key: tuple[str, str] = (batch.name, call)
        if key not in self._unsent:
            return False
        self._unsent.discard(key)
        return True

    async def _let_settle(self, batch: Batch) -> None:
        """Wait until the provider's lists can be expected to show what was last done.

        An earlier process may have made its call up to the moment when it died.
        """
        last = self._asked_at.get(batch.name, self._opened_at)
        age_s = (self._clock.utc_now() - last).total_seconds()
        if age_s < self._settle_s:
            await self._admission.sleep(self._settle_s - max(age_s, 0.0))


def _intended_at(batch: Batch) -> datetime:
    return datetime.fromisoformat(batch.intended_at)
