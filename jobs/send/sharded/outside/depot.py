"""The store of a call, seen from the command: inputs go there, segments come from there."""

import logging
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

from engine.errors import ConfigError, EngineError, OutageError, TransientError
from engine.files.replace import replace_file
from engine.lease.lease_log import read_leases
from jobs.send.sharded.outside.epochs import StoreEpochs
from jobs.send.sharded.outside.mirror import Mirror
from jobs.send.sharded.outside.spool import INPUTS
from jobs.send.sharded.outside.stores import Store, StoreOrder, open_store, read_store
from jobs.send.sharded.shards import Shard, ShardedCall

STORE_NAME = "store"  # of the file of a call that says where its segments lie

_log = logging.getLogger(__name__)


class Input(NamedTuple):
    """A file that the work of all shards needs, and what it is called there."""

    name: str
    path: Path


class SegmentPlace(Protocol):
    """Where the segments of a call are, which are read in its folder. Calls block."""

    @property
    def call(self) -> ShardedCall:
        """The call."""
        ...

    def put(self, inputs: Iterable[Input]) -> None:
        """Let workers have the shards, and what else their work needs."""
        ...

    def look(self, shard: Shard) -> bool:
        """Fetch what its latest segment has gained; False: that is not known now."""
        ...

    def complete(self, shard: Shard) -> None:
        """Fetch all that there is of a shard that nobody writes any more."""
        ...

    def take_over(self, shard: Shard) -> None:
        """Let nobody who has begun a shard send anything more of it."""
        ...

    def lent_usd(self) -> Mapping[str, float]:
        """What the writer of each segment may have spent, where its files do not say all of it."""
        ...

    def is_untouched(self) -> bool:
        """Whether nobody has begun a shard that is still there."""
        ...

    def remove(self) -> None:
        """Remove the call, of which nothing is wanted any more."""
        ...


class InFolder:
    """Segments that workers write in the folder of the call itself: all machines see it."""

    def __init__(self, call: ShardedCall) -> None:
        self.call = call

    def put(self, inputs: Iterable[Input]) -> None:
        """As SegmentPlace.put: all is there."""

    def look(self, shard: Shard) -> bool:
        """As SegmentPlace.look: all is there."""
        return True

    def complete(self, shard: Shard) -> None:
        """As SegmentPlace.complete: all is there."""

    def take_over(self, shard: Shard) -> None:
        """As SegmentPlace.take_over."""
        shard.take_over()

    def lent_usd(self) -> Mapping[str, float]:
        """As SegmentPlace.lent_usd: logs of sends say all of it."""
        return {}

    def is_untouched(self) -> bool:
        """As SegmentPlace.is_untouched."""
        return not any(shard.segments() for shard in self.call.shards())

    def remove(self) -> None:
        """As SegmentPlace.remove."""
        self.call.remove()


class Depot:
    """Segments that workers seal to a store. What a lost one had not sealed is not known.

    So it counts with all that it was lent.
    """

    def __init__(self, folder: Path, order: StoreOrder) -> None:
        """The call in `folder`; that its segments lie elsewhere is noted there first."""
        replace_file(folder / STORE_NAME, [order.url.encode()])
        self._store: Store = open_store(order)
        self._prefix = f"{folder.name}/"
        self.url = f"{order.url.rstrip('/')}/{self._prefix}"
        self._mirrors: dict[str, Mirror] = {}
        self._epochs = StoreEpochs(self._store)
        self.call = ShardedCall(folder, self._epochs)

    def put(self, inputs: Iterable[Input]) -> None:
        """As SegmentPlace.put.

        Raises:
            OutageError: the store does not answer.
            ConfigError: it refuses.
        """
        with reached():
            for each in inputs:
                self._store.upload(each.path, f"{self._prefix}{INPUTS}/{each.name}")
            for shard in self.call.shards():
                for path in shard.folder.iterdir():
                    self._store.upload(path, f"{self._prefix}{shard.folder.name}/{path.name}")

    def look(self, shard: Shard) -> bool:
        """As SegmentPlace.look; where the store does not answer, the next look finds it all."""
        try:
            self._mirror(shard).look()
        except TransientError:
            return False
        return True

    def complete(self, shard: Shard) -> None:
        """As SegmentPlace.complete.

        Raises:
            OutageError: the store does not answer.
            DamagedLogError: a part is damaged.
        """
        with reached():
            self._mirror(shard).complete()

    def take_over(self, shard: Shard) -> None:
        """As SegmentPlace.take_over.

        Raises:
            OutageError: the store does not answer.
        """
        with reached():
            shard.take_over()

    def lent_usd(self) -> Mapping[str, float]:
        """As SegmentPlace.lent_usd: what was granted, or what a holder has said at its end."""
        return {
            each.name: each.spent_usd if each.is_closed else max(each.granted_usd, each.spent_usd)
            for each in read_leases(self.call.leases_path)
        }

    def is_untouched(self) -> bool:
        """As SegmentPlace.is_untouched."""
        with reached():
            return not any(map(self._epochs.begun, self.call.shards()))

    def remove(self) -> None:
        """As SegmentPlace.remove: first there, then here, so that a crash leaves nothing there."""
        with reached():
            self._store.remove(self._prefix)
        self.call.remove()

    def _mirror(self, shard: Shard) -> Mirror:
        name = shard.folder.name
        if name not in self._mirrors:
            self._mirrors[name] = Mirror(self._store, shard)
        return self._mirrors[name]


def reach_store(order: StoreOrder | None) -> None:
    """Find out whether a store, if one is to be used, does what it must, before anything is begun.

    Raises:
        OutageError: it does not answer.
        ConfigError: it refuses, or writes over what is there.
    """
    if order is not None:
        try_store(open_store(order), order.url)


def try_store(store: Store, url: str) -> None:
    """Write to a store, twice by one name, and remove it. Raises what `reach_store` raises."""
    folder = f"probe-{secrets.token_hex(4)}/"
    with reached():
        store.put_new(folder + STORE_NAME, b"first")
        writes_over = store.put_new(folder + STORE_NAME, b"second")
        store.remove(folder)
    if writes_over:
        raise ConfigError(
            f"{url}: writes over an object that it is told to leave (If-None-Match: *), so "
            "that two workers could own the same requests; name a bucket of another host"
        )


def place_call(
    call: ShardedCall, store: StoreOrder | None, inputs: Iterable[Input] = ()
) -> SegmentPlace:
    """Where the segments of a new call are to be; workers can have its shards from there.

    Raises:
        OutageError: the store does not answer; the call is removed.
        ConfigError: it refuses; the same.
    """
    if store is None:
        return InFolder(call)
    try:
        depot = Depot(call.folder, store)
    except EngineError:
        call.remove()
        raise
    put_or_remove(depot, inputs)
    return depot


def put_or_remove(depot: Depot, inputs: Iterable[Input]) -> None:
    """Put a call into its store; where that fails midway, remove it there and here.

    Raises:
        OutageError: the store does not answer; says where something is left, if there is.
        ConfigError: it refuses; the same.
    """
    try:
        depot.put(inputs)
    except (OutageError, ConfigError) as error:
        try:
            depot.remove()
        except (OutageError, ConfigError):
            depot.call.remove()
            raise type(error)(
                f"{error}; what was put below {depot.url} is still there, and nothing needs it: "
                "remove it"
            ) from error
        raise


def remove_if_untouched(segments: SegmentPlace, ended_by: EngineError | None = None) -> None:
    """Remove a call of which nobody has begun anything that is still there; else it is gone on.

    So it is where something ended the call and the store then fails too: the first is to be told.

    Raises:
        OutageError: a store does not answer.
        ConfigError: it refuses.
    """
    try:
        if segments.is_untouched():
            segments.remove()
    except (OutageError, ConfigError) as error:
        if ended_by is None:
            raise
        _log.warning("%s: is left to the next command: %s", segments.call.folder, error)


def place_of(folder: Path, environment: Mapping[str, str]) -> InFolder | Depot:
    """Where the segments of a call lie that an earlier command has begun.

    Raises:
        ConfigError: its store cannot be opened, or its keys are not in the environment.
    """
    path = folder / STORE_NAME
    if not path.exists():
        return InFolder(ShardedCall(folder))
    return Depot(folder, read_store(path.read_text("utf-8").strip(), environment))


@contextmanager
def reached() -> Iterator[None]:
    """Raise OutageError where the block raises that the store does not answer."""
    try:
        yield
    except TransientError as error:
        raise OutageError(
            f"{error}; what was paid for is kept, the same command again goes on"
        ) from error
