"""What several runs on one account share: the tokens that may be enqueued, batches an hour."""

import fcntl
import hashlib
import logging
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple, TypeVar

from pydantic import TypeAdapter, ValidationError

from engine.clock import Clock
from engine.errors import StorageError
from engine.files.replace import replace_file
from engine.stopping import Admission
from engine.wire.endpoints import Endpoint
from schemas.record import Value

LOCK_TRY_EVERY_S = 0.1
SAY_SO_AFTER_TRIES = 100
BATCH_LIFE = timedelta(hours=25)  # a batch ends within 24 hours (OpenAI Batch guide)
HOUR = timedelta(hours=1)
GUESS_LIFE = timedelta(hours=1)  # what was guessed may have been caused by another program
STATED_LIFE = timedelta(days=7)  # an account's limits grow as it is used
LIMITS_NAME = "limits"

_log = logging.getLogger(__name__)

T = TypeVar("T")


class Enqueued(NamedTuple):
    """A batch as the account sees it: prompt tokens of one model, enqueued since `at`."""

    model: str
    tokens: int
    at: datetime


class LearntLimit(Value):
    """What may be enqueued of a model: stated by the provider, or guessed from a refusal."""

    tokens: int
    at: datetime
    is_stated: bool


_ENQUEUED = TypeAdapter(list[Enqueued])
_LIMITS = TypeAdapter(dict[str, LearntLimit])


class Account:
    """A folder that all runs of one user on one account read and write under its lock.

    Each run writes one file of its own. Batches that have ended do not count, and neither do
    those older than a batch can become. The files only help to plan: a damaged one is ignored,
    because the provider itself refuses what exceeds its limit.
    """

    def __init__(self, folder: Path, *, owner_id: str, clock: Clock, admission: Admission) -> None:
        self._folder = folder
        self._owner_id = owner_id
        self._clock = clock
        self._admission = admission

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """Hold the account's lock: no other run of this user packs batches meanwhile.

        Raises:
            StorageError: the folder cannot be written.
            What the stop of the run is for, if that comes first.
        """
        self._make_folder()
        path = self._folder / "lock"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise _unwritable(path, error) from error
        try:
            tries = 0
            while not _try_lock(descriptor):
                tries += 1
                if tries == SAY_SO_AFTER_TRIES:
                    _log.warning("%s: another run is packing; waiting for it", path)
                await self._admission.sleep(LOCK_TRY_EVERY_S)
            yield
        finally:
            os.close(descriptor)

    def write_own(self, enqueued: Sequence[Enqueued]) -> None:
        """Write down what this run has enqueued, for other runs to read.

        Raises:
            StorageError: the folder cannot be written.
        """
        path = self._path_of(self._owner_id)
        if enqueued:
            self._make_folder()
            replace_file(path, [_ENQUEUED.dump_json(list(enqueued))])
        else:
            path.unlink(missing_ok=True)

    def others_tokens(self, model: str) -> int:
        """Prompt tokens of a model that other runs have enqueued."""
        since = self._clock.utc_now() - BATCH_LIFE
        return sum(e.tokens for e in self._others() if e.model == model and e.at > since)

    def others_batches_last_hour(self) -> int:
        """Batches that other runs have made within the last hour and that have not ended yet."""
        since = self._clock.utc_now() - HOUR
        return sum(1 for entry in self._others() if entry.at > since)

    def learnt_limit(self, model: str) -> LearntLimit | None:
        """The limit of a model as learnt from refusals; None once that is too old to rely on."""
        learnt = self._limits().get(model)
        if learnt is None:
            return None
        life = STATED_LIFE if learnt.is_stated else GUESS_LIFE
        return learnt if learnt.at > self._clock.utc_now() - life else None

    def learn_limit(self, model: str, tokens: int, *, is_stated: bool) -> None:
        """Note that no more than `tokens` of a model may be enqueued.

        Raises:
            StorageError: the folder cannot be written.
        """
        learnt = LearntLimit(tokens=tokens, at=self._clock.utc_now(), is_stated=is_stated)
        self._make_folder()
        limits = {**self._limits(), model: learnt}
        replace_file(self._path_of(LIMITS_NAME), [_LIMITS.dump_json(limits)])

    def _limits(self) -> Mapping[str, LearntLimit]:
        return _read(self._path_of(LIMITS_NAME), _LIMITS) or {}

    def _others(self) -> Iterator[Enqueued]:
        for path in self._folder.glob("*.json"):
            if path.stem not in (self._owner_id, LIMITS_NAME):
                yield from _read(path, _ENQUEUED) or ()

    def _path_of(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(self._folder, error) from error


def account_dir(state_dir: Path, endpoint: Endpoint) -> Path:
    """The folder of an account: named by a hash, from which no key can be had back."""
    name = hashlib.blake2b(
        endpoint.base_url.encode(), key=endpoint.api_key.encode()[:64], digest_size=12
    ).hexdigest()
    return state_dir / "accounts" / name


def _read(path: Path, kind: TypeAdapter[T]) -> T | None:
    """What a file holds; None if it is gone or damaged."""
    try:
        return kind.validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValidationError, OSError) as error:
        what = "damaged" if isinstance(error, ValidationError) else f"not readable ({error})"
        _log.warning("%s: is %s and ignored; it may be deleted", path, what)
        return None


def _unwritable(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"{path}: cannot be written ({error.strerror}); mend that, or set XDG_STATE_HOME to a "
        "folder that can, the same for all runs on this account"
    )


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
