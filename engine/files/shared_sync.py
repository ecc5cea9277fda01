"""Makes what was written to a file durable; who comes while others wait shares the next sync."""

import asyncio
import os
from pathlib import Path

from engine.files.jsonl_lines import unwritable


class SharedSync:
    """The syncs of one file. Who writes says so with `note_written`, then waits for `reach`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written = self._synced = 0
        self.turn = asyncio.Lock()  # held where no sync may come in between

    def note_written(self) -> None:
        """Something was written that is not durable yet."""
        self._written += 1

    def note_durable(self) -> None:
        """All that was written is durable already."""
        self._synced = self._written

    async def reach(self, descriptor: int) -> None:
        """Return once all that is written until now is on disk.

        Raises:
            StorageError: the disk refused it.
        """
        wanted = self._written
        while self._synced < wanted:
            async with self.turn:
                if self._synced < wanted:
                    reached = self._written
                    try:
                        await asyncio.to_thread(os.fsync, descriptor)
                    except OSError as error:
                        raise unwritable(self._path, error) from error
                    self._synced = reached
