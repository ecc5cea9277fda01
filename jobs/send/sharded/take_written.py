"""What workers of a call write becomes part of the file of replies while they write it."""

import asyncio
from pathlib import Path

from engine.files.jsonl_lines import read_blocks
from jobs.send.result_files import OutcomeKind, ResultFiles
from jobs.send.sharded.outside.depot import SegmentPlace
from jobs.send.sharded.shards import Shard


class TakingWritten:
    """Takes in the latest segments of a call; of each file only what is new.

    At the end of a shard `gather_shard` looks at all of it again, and says what it has cost.
    `answered` counts the replies that were not there.
    """

    def __init__(self, segments: SegmentPlace, results: ResultFiles) -> None:
        self._segments = segments
        self._results = results
        self._ends: dict[Path, int] = {}
        self.answered = 0

    async def take_all(self) -> bool:
        """Take in all that is written now; False: of some shard it is not known.

        Raises:
            DamagedLogError: a line is not one of replies.
            StorageError: the disk refused it.
        """
        return all([await self._take(shard) for shard in self._segments.call.shards()])

    async def _take(self, shard: Shard) -> bool:
        is_known = await asyncio.to_thread(self._segments.look, shard)
        for segment in shard.segments()[-1:]:
            self.answered += await self._adopt(segment.paths.answers, "answered")
            await self._adopt(segment.paths.errors, "failed")
        return is_known

    async def _adopt(self, path: Path, kind: OutcomeKind) -> int:
        count = 0
        for block in read_blocks(path, self._ends.get(path, 0)):
            count += await self._results.adopt_each(block.lines, kind)
            self._ends[path] = block.end
        return count
