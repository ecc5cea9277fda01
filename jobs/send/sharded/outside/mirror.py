"""What was sealed of a shard, put together again to the files that it came from."""

import shutil
from collections import Counter

from jobs.send.sharded.outside.epochs import prefix_of
from jobs.send.sharded.outside.parts import (
    SegmentPart,
    decode_part,
    epochs_in,
    missing_part,
    owner_name,
    part_names,
)
from jobs.send.sharded.outside.stores import Store
from jobs.send.sharded.shards import EPOCH, Shard


class Mirror:
    """The segments of one shard, on this machine's disk; nobody else writes these copies.

    They are made anew from the store each time that one is opened.
    """

    def __init__(self, store: Store, shard: Shard) -> None:
        self._store = store
        self._shard = shard
        self._prefix = prefix_of(shard)
        self._seqs: Counter[int] = Counter()  # the last part of each epoch that is here
        self._epoch = 0
        for segment in shard.segments():
            shutil.rmtree(segment.folder)

    def look(self) -> None:
        """Take what has come of the latest segment, and notice a later one; blocks.

        Two objects are asked for by their names, however many there are: listing all would take
        the longer the longer a call goes on.

        Raises:
            TransientError: the store does not answer.
            DamagedLogError: a part is none of ours.
        """
        while True:
            while self._epoch and self._take(self._next_part(self._epoch)):
                pass
            if self._store.get(self._prefix + owner_name(self._epoch + 1)) is None:
                return
            self._begin(self._epoch + 1)

    def complete(self) -> None:
        """Take all that there is, of all segments. Raises what `look` raises."""
        names = self._store.names(self._prefix)
        for epoch in epochs_in(names):
            self._begin(epoch)
        for part in part_names(names):
            while self._seqs[part.epoch] < part.seq:
                following = self._next_part(part.epoch)
                if not self._take(following):
                    raise missing_part(f"{self._prefix}{following}")

    def _begin(self, epoch: int) -> None:
        """A segment is there as soon as it has begun, with or without a part."""
        (self._shard.folder / f"{EPOCH}{epoch}").mkdir(parents=True, exist_ok=True)
        self._epoch = max(self._epoch, epoch)

    def _next_part(self, epoch: int) -> SegmentPart:
        return SegmentPart(epoch, self._seqs[epoch] + 1)

    def _take(self, part: SegmentPart) -> bool:
        data = self._store.get(f"{self._prefix}{part}")
        if data is None:
            return False
        folder = self._shard.folder / f"{EPOCH}{part.epoch}"
        for name, lines in decode_part(data, f"{self._prefix}{part}"):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as file:
                file.write(lines)
        self._seqs[part.epoch] = part.seq
        return True
