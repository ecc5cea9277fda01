"""Who writes a shard, where shards lie in a store: whoever makes the object of an epoch."""

import asyncio
import secrets
from pathlib import Path

from jobs.send.sharded.outside.parts import epochs_in, owner_name
from jobs.send.sharded.outside.stores import Store, StoreOrder, open_store
from jobs.send.sharded.shards import EPOCH, Segment, Shard, ShardedCall

TOKEN_BYTES = 8


class StoreEpochs:
    """As Epochs of jobs.send.sharded.shards, by objects that are made once.

    `look` finds out whether a segment is superseded; between two looks that is not known.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._superseded: set[str] = set()

    def claim(self, segment: Segment) -> bool:
        """Make the next epoch of a shard this one's; False: another has it already."""
        is_ours = self._store.put_new(
            _owner(segment, segment.epoch), secrets.token_hex(TOKEN_BYTES).encode()
        )
        segment.folder.mkdir(parents=True, exist_ok=True)  # a copy of it is there for either
        return is_ours

    def is_superseded(self, segment: Segment) -> bool:
        """Whether another was seen to have taken the shard over, or it is all done."""
        return segment.name in self._superseded

    async def last(self, shard: Shard) -> Segment | None:
        """As Epochs.last."""
        epochs = await asyncio.to_thread(self.begun, shard)
        return Segment(shard.folder / f"{EPOCH}{epochs[-1]}", self) if epochs else None

    def begun(self, shard: Shard) -> list[int]:
        """The epochs of a shard that have begun, in order."""
        return epochs_in(self._store.names(prefix_of(shard)))

    def look(self, segment: Segment) -> bool:
        """Find out whether it is superseded; False: its shard is all done, and gone."""
        is_there = self._store.get(_owner(segment, segment.epoch)) is not None
        if not is_there or self._store.get(_owner(segment, segment.epoch + 1)) is not None:
            self._superseded.add(segment.name)
        return is_there


def outside_call(folder: Path, order: StoreOrder) -> ShardedCall:
    """A call whose segments are written elsewhere, and sealed to a store."""
    return ShardedCall(folder, StoreEpochs(open_store(order)))


def prefix_of(shard: Shard) -> str:
    """What the names of all objects of a shard begin with."""
    return "/".join(shard.folder.parts[-2:]) + "/"


def _owner(segment: Segment, epoch: int) -> str:
    return "/".join([*segment.folder.parts[-3:-1], owner_name(epoch)])
