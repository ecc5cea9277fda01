"""What several runs on one account share: the tokens that may be enqueued, batches an hour."""

import fcntl
import hashlib
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import orjson

from engine.clock import Clock
from engine.endpoints import Endpoint
from engine.errors import StorageError
from engine.files import replace_file

LOCK_TRY_EVERY_S = 0.1
BATCH_LIFE = timedelta(hours=25)  # a batch ends within 24 hours (OpenAI Batch guide)
HOUR = timedelta(hours=1)
LEARNT_LIFE = timedelta(hours=1)  # what was learnt may have been somebody else's doing
LIMITS_NAME = "limits"


class Enqueued(NamedTuple):
    """A batch as the account sees it: prompt tokens of one model, enqueued since `at`."""

    model: str
    tokens: int
    at: datetime


class Account:
    """A folder that all runs of one user on one account read and write under its lock.

    Each run writes one file of its own; what is in no batch any more counts for nothing, and
    neither does what is older than a batch can become.
    """

    def __init__(self, folder: Path, *, owner_id: str, clock: Clock) -> None:
        self._folder = folder
        self._owner_id = owner_id
        self._clock = clock

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """Hold the account: nobody else of this user packs meanwhile.

        Raises:
            StorageError: the folder cannot be written.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StorageError(f"{self._folder}: cannot be written: {error.strerror}") from error
        try:
            while not _try_lock(descriptor):
                await self._clock.sleep(LOCK_TRY_EVERY_S)
            yield
        finally:
            os.close(descriptor)

    def write_own(self, enqueued: Sequence[Enqueued]) -> None:
        """Say what this run has enqueued."""
        rows = [[entry.model, entry.tokens, entry.at.isoformat()] for entry in enqueued]
        replace_file(self._folder / f"{self._owner_id}.json", [orjson.dumps(rows)])

    def others_tokens(self, model: str) -> int:
        """Prompt tokens of a model that other runs have enqueued."""
        since = self._clock.utc_now() - BATCH_LIFE
        return sum(e.tokens for e in self._others() if e.model == model and e.at > since)

    def others_batches_last_hour(self) -> int:
        """Batches that other runs have made within the hour, as far as they are not yet over."""
        since = self._clock.utc_now() - HOUR
        return sum(1 for entry in self._others() if entry.at > since)

    def learnt_limit(self, model: str) -> int | None:
        """The limit that a refusal told of within the last hour."""
        learnt = self._limits().get(model)
        if learnt is None:
            return None
        tokens, at = learnt
        is_fresh = datetime.fromisoformat(at) > self._clock.utc_now() - LEARNT_LIFE
        return tokens if is_fresh else None

    def learn_limit(self, model: str, tokens: int) -> None:
        """Note that no more than `tokens` of a model may be enqueued."""
        limits = {**self._limits(), model: (tokens, self._clock.utc_now().isoformat())}
        replace_file(self._path_of(LIMITS_NAME), [orjson.dumps(limits)])

    def _limits(self) -> dict[str, tuple[int, str]]:
        path = self._path_of(LIMITS_NAME)
        limits: dict[str, tuple[int, str]] = (
            orjson.loads(path.read_bytes()) if path.exists() else {}
        )
        return limits

    def _others(self) -> Iterator[Enqueued]:
        for path in self._folder.glob("*.json"):
            if path.stem not in (self._owner_id, LIMITS_NAME):
                for model, tokens, at in orjson.loads(path.read_bytes()):
                    yield Enqueued(model, tokens, datetime.fromisoformat(at))

    def _path_of(self, name: str) -> Path:
        return self._folder / f"{name}.json"


def account_dir(state_dir: Path, endpoint: Endpoint) -> Path:
    """The folder of an account: named by a hash, from which no key can be had back."""
    name = hashlib.blake2b(
        endpoint.base_url.encode(), key=endpoint.api_key.encode()[:64], digest_size=12
    ).hexdigest()
    return state_dir / "accounts" / name


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
