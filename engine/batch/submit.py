"""Takes intended batches to the provider: each file uploaded once, each batch created once."""

import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta

from engine.batch.client import BEGINNING, HASH_KEY, NAME_KEY, OWNER_KEY
from engine.batch.folder import BatchFolder
from engine.batch.ledger import BatchLedger
from engine.batch.provider import Provider
from engine.batch.refusals import (
    TOKEN_LIMIT,
    NoBatchApiError,
    is_token_limit,
)
from engine.clock import Clock
from engine.errors import (
    BATCH_NOT_MADE,
    NO_BATCH_API,
    NOT_FOUND,
    ConfigError,
    FilePendingError,
    NotFoundError,
    RequestError,
    TransientError,
)
from engine.stopping import Admission
from engine.wire.sdk.file_states import is_not_ready, wait_for_file
from engine.wire.sdk.unserved_calls import may_be_unserved
from schemas.batches import Batch, RemoteState

CLOCK_SKEW = timedelta(days=1)  # between our clock and the provider's, at the very most
FILE_PATIENCE = timedelta(minutes=10)  # a file that is not found for longer is gone
PENDING_PATIENCE = timedelta(hours=1)  # after which "pending" counts as a failure of the host

_log = logging.getLogger(__name__)


async def on_disk_is_enough() -> None:
    """Nothing is to be done besides."""


class Submitter:
    """Drives every intent to a batch id. Any step may be the last before a crash.

    A call with an unknown result (an earlier process made it, or its reply was lost) is not made
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
        back_up: Callable[[], Awaitable[None]] = on_disk_is_enough,
    ) -> None:
        self._folder = folder
        self._ledger = ledger
        self._provider = provider
        self._settle_s = settle_s
        self._clock = clock
        self._admission = admission
        self._back_up = back_up
        self._opened_at = clock.utc_now()
        self._unsent: set[tuple[str, str]] = set()  # calls of ours that were never made
        self._distrusted: frozenset[str] = frozenset()
        self._asked_at: dict[str, datetime] = {}

    def note_intent(self, name: str) -> None:
        """Know that this process has intended the batch and made no call for it."""
        if name in self._distrusted:
            return
        self._unsent |= {(name, "upload"), (name, "create")}

    def distrust(self, names: Iterable[str]) -> None:
        """Know that batches of these names may have been made, though the ledger lacks them."""
        self._distrusted = frozenset(names)

    def first_number(self, next_number: int) -> int:
        """The number of the next batch: that of one that may have been made, so it is found."""
        lacking = [int(name) for name in self._distrusted if int(name) >= next_number]
        return min(lacking, default=next_number)

    async def submit(self) -> None:
        """Submit what is intended and not yet created.

        Raises:
            TransientError: the provider does not answer; what is left is submitted later.
            FatalError: the provider refuses the key or the model, or the account has no credit.
            NoBatchApiError: there are no batches at this address; all intents have ended.
            The error that stops the run, if it is stopped meanwhile.
        """
        await self.adopt()
        for batch in self._waiting():
            self._admission.check()
            try:
                await self._submit(batch)
            except NoBatchApiError as error:
                await self._give_back(self._waiting(), str(error))
                raise

    async def adopt(self) -> None:
        """Find the batches that a ledger which was cut did not tell of; none of them is made.

        Raises:
            TransientError, FatalError: the provider does not answer, or refuses to.
            ConfigError: it does not list its batches.
        """
        for batch in self._waiting():
            if batch.intent.is_restored:
                self._admission.check()
                await self._adopt(batch)

    def _waiting(self) -> list[Batch]:
        out = self._ledger.out()
        return [batch for batch in out if not batch.remote.batch_id and not batch.has_ended]

    async def _give_back(self, batches: list[Batch], problem: str) -> None:
        refused = RemoteState(status="failed", problem_code=NO_BATCH_API, problem=problem)
        for batch in batches:
            await self._ledger.note_polled(batch.name, refused)

    async def _submit(self, batch: Batch) -> None:
        try:
            if not batch.remote.file_id:
                await self._ledger.note_uploaded(batch.name, await self._uploaded(batch))
            remote = await self._created(self._ledger.get(batch.name))
        except (RequestError, TransientError) as error:
            await self._ledger.note_polled(batch.name, _refusal(error))
            return
        await self._ledger.note_created(batch.name, remote)
        _log.info("batch %s: %s requests submitted", batch.name, f"{batch.intent.request_count:,}")

    async def _uploaded(self, batch: Batch) -> str:
        name = self._folder.remote_name(batch.name, batch.intent.sha256)
        if not self._is_first(batch, "upload"):
            await self._let_settle(batch)
            file_id = await self._find_file(name, _intended_at(batch) - CLOCK_SKEW)
            if file_id is not None:
                return file_id
        self._asked_at[batch.name] = self._clock.utc_now()
        await self._back_up()
        try:
            return await self._provider.upload(self._folder.input_path(batch.name), name)
        except (RequestError, TransientError) as error:
            raise NoBatchApiError(error) if may_be_unserved(error) else error from None

    async def _find_file(self, name: str, newer_than: datetime) -> str | None:
        try:
            return await self._provider.find_file(name, newer_than)
        except RequestError as error:
            if not may_be_unserved(error):
                raise
            return None  # no list there: a file that is uploaded twice costs nothing

    async def _created(self, batch: Batch) -> RemoteState:
        if not self._is_first(batch, "create"):
            await self._let_settle(batch)
            found = await self._find(batch, _intended_at(batch) - CLOCK_SKEW)
            if found is not None:
                return found
        await self._await_file(batch)
        self._asked_at[batch.name] = self._clock.utc_now()
        await self._back_up()
        try:
            return await self._provider.create(
                batch.remote.file_id, batch.intent.url, self._metadata(batch)
            )
        except (RequestError, TransientError) as error:
            raise self._read_refusal(error, batch) from None

    def _read_refusal(self, error: RequestError | TransientError, batch: Batch) -> Exception:
        """What a refusal to create a batch means."""
        is_about_file = error.status == 404 and "file" in str(error).lower()
        if may_be_unserved(error) and not is_about_file:
            return NoBatchApiError(error)
        is_waited_for = self._age(batch) < PENDING_PATIENCE
        if isinstance(error, RequestError) and is_not_ready(error) and is_waited_for:
            return FilePendingError(str(error), status=error.status)
        return error

    def _metadata(self, batch: Batch) -> dict[str, str]:
        """What tells the batch from all others at the provider."""
        return {
            OWNER_KEY: self._folder.owner_id,
            NAME_KEY: batch.name,
            HASH_KEY: batch.intent.sha256,
        }

    async def _adopt(self, batch: Batch) -> None:
        await self._let_settle(batch)
        file_name = self._folder.remote_name(batch.name, batch.intent.sha256)
        if not batch.remote.file_id:
            file_id = await self._find_file(file_name, BEGINNING)
            if file_id is not None:
                await self._ledger.note_uploaded(batch.name, file_id)
        found = await self._find(self._ledger.get(batch.name), BEGINNING)
        if found is not None:
            await self._ledger.note_created(batch.name, found)
            _log.info("batch %s: found at the provider (%s)", batch.name, found.status)
            return
        problem = "the ledger was cut, and the provider has no such batch"
        not_made = RemoteState(status="failed", problem_code=BATCH_NOT_MADE, problem=problem)
        await self._ledger.note_polled(batch.name, not_made)

    async def _find(self, batch: Batch, newer_than: datetime) -> RemoteState | None:
        """The batch that a call with an unknown result has created, None if it created none."""
        try:
            return await self._provider.find(
                self._metadata(batch), batch.remote.file_id, newer_than
            )
        except RequestError as error:
            if not may_be_unserved(error):
                raise
            raise ConfigError(
                f"batch {batch.name} may have been created or not, for the reply was lost, and "
                f"this provider does not list its batches ({error}): "
                f"{self._folder.forgetting(batch)}"
            ) from error

    async def _await_file(self, batch: Batch) -> None:
        """Return once the file can be used: else the provider would refuse the batch as a whole."""
        file_id = batch.remote.file_id
        state = await wait_for_file(lambda: self._provider.file_state(file_id), self._admission)
        patience = PENDING_PATIENCE if state == "pending" else FILE_PATIENCE
        if state == "ready":
            return
        if self._age(batch) < patience:
            what = "pending" if state == "pending" else "not found"
            raise TransientError(f"file {file_id} is {what} at the provider yet", code=NOT_FOUND)
        if state == "missing":
            raise NotFoundError(f"file {file_id} is gone at the provider")

    def _age(self, batch: Batch) -> timedelta:
        """How long ago the last step of a batch was taken."""
        return self._clock.utc_now() - datetime.fromisoformat(batch.changed_at)

    def _is_first(self, batch: Batch, call: str) -> bool:
        """Whether a call is made for the first time ever; from now on it is not."""
        key: tuple[str, str] = (batch.name, call)
        if key not in self._unsent:
            return False
        self._unsent.discard(key)
        return True

    async def _let_settle(self, batch: Batch) -> None:
        """Wait until the provider's lists can be expected to show what was last done.

        An earlier process may have made a call just before it was killed.
        """
        last = self._asked_at.get(batch.name, self._opened_at)
        age_s = (self._clock.utc_now() - last).total_seconds()
        if age_s < self._settle_s:
            await self._admission.sleep(self._settle_s - max(age_s, 0.0))


def _refusal(error: RequestError | TransientError) -> RemoteState:
    """What the ledger notes of a batch that was not taken.

    Raises:
        TransientError: `error`, where it says nothing about the batch.
    """
    if is_token_limit(error):
        return RemoteState(status="failed", problem_code=TOKEN_LIMIT, problem=str(error))
    if isinstance(error, TransientError):
        raise error
    return RemoteState(status="failed", problem_code=error.code, problem=str(error))


def _intended_at(batch: Batch) -> datetime:
    return datetime.fromisoformat(batch.intended_at)
