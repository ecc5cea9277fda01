"""Shards of a file of requests on shared storage, and who may write to them."""

import os
import shutil
from pathlib import Path
from typing import Protocol

from jobs.send.result_files import ResultPaths, result_paths

OWNER_ONLY = 0o700
EPOCH = "epoch-"
REQUESTS_NAME = "requests.jsonl"


class Epochs(Protocol):
    """Says who may write a shard: of several who take it over, the last one."""

    def claim(self, segment: "Segment") -> bool:
        """Make a segment this process's own, and its folder; False: another has it already."""
        ...

    def is_superseded(self, segment: "Segment") -> bool:
        """Whether another has taken the shard over, or it is all done."""
        ...

    async def last(self, shard: "Shard") -> "Segment | None":
        """The segment of a shard that was begun last, by whomever; None: none was.

        Raises:
            TransientError: that is not known now.
        """
        ...


class FolderEpochs:
    """By folders that all machines see: making one succeeds for one of several who try it."""

    def claim(self, segment: "Segment") -> bool:
        """As Epochs.claim."""
        try:
            segment.folder.mkdir(mode=OWNER_ONLY)
        except FileExistsError:
            return False
        return True

    def is_superseded(self, segment: "Segment") -> bool:
        """As Epochs.is_superseded."""
        exists = os.path.exists  # asked before each send: Path.exists takes several times as long
        return exists(segment.next_path) or not exists(segment.own_path)

    async def last(self, shard: "Shard") -> "Segment | None":
        """As Epochs.last."""
        return next(reversed(shard.segments()), None)


FOLDER_EPOCHS = FolderEpochs()


class Segment:
    """What one worker writes of one shard. Only the last one of a shard may send."""

    def __init__(self, folder: Path, epochs: Epochs = FOLDER_EPOCHS) -> None:
        self.folder = folder
        self.paths: ResultPaths = result_paths(folder / "replies.jsonl")
        self.own_path = str(folder)
        self.next_path = str(folder.with_name(f"{EPOCH}{self.epoch + 1}"))
        self._epochs = epochs

    @property
    def epoch(self) -> int:
        """Which of its shard's it is, from 1 on."""
        return int(self.folder.name.removeprefix(EPOCH))

    @property
    def name(self) -> str:
        """What it is called among all segments of all calls."""
        return "/".join(self.folder.parts[-3:])

    def is_superseded(self) -> bool:
        """Whether another worker has taken the shard over, or it is all done."""
        return self._epochs.is_superseded(self)


class Shard:
    """Some of the work of a call, and what was written of it."""

    def __init__(self, folder: Path, epochs: Epochs = FOLDER_EPOCHS) -> None:
        self.folder = folder
        self.requests_path = folder / REQUESTS_NAME
        self._epochs = epochs

    def segments(self) -> list[Segment]:
        """All segments that are here, the oldest first."""
        found = [Segment(each, self._epochs) for each in self.folder.glob(f"{EPOCH}*")]
        return sorted(found, key=lambda segment: segment.epoch)

    async def last_segment(self) -> Segment | None:
        """The one that was begun last, wherever its worker is; None: none was.

        Raises:
            TransientError: that is not known now.
        """
        return await self._epochs.last(self)

    def take_over(self) -> Segment:
        """A new segment, which from now on is the only one that may send."""
        while True:
            last = max((each.epoch for each in self.segments()), default=0)
            segment = Segment(self.folder / f"{EPOCH}{last + 1}", self._epochs)
            if self._epochs.claim(segment):
                return segment

    def remove(self) -> None:
        """Remove it with all that was written of it; a new segment of it can then not begin."""
        shutil.rmtree(self.folder)


class ShardedCall:
    """The shards of one call of a command, and the log of what was lent to its workers."""

    def __init__(self, folder: Path, epochs: Epochs = FOLDER_EPOCHS) -> None:
        self.folder = folder
        self.leases_path = folder / "leases.jsonl"
        self._epochs = epochs

    def shards(self) -> list[Shard]:
        """All shards that are not yet taken in."""
        return [self.shard(each.name) for each in sorted(self.folder.glob("shard-*"))]

    def shard(self, name: str) -> Shard:
        """One of them."""
        return Shard(self.folder / name, self._epochs)

    def remove(self) -> None:
        """Remove it, and the folder of all calls if it was the last."""
        shutil.rmtree(self.folder)
        if not any(self.folder.parent.iterdir()):
            self.folder.parent.rmdir()


def calls_in(root: Path) -> list[ShardedCall]:
    """The calls in a folder, of which something is not yet where it belongs."""
    return [ShardedCall(each) for each in sorted(root.iterdir())] if root.is_dir() else []
