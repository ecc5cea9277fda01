"""Replies on standard output, each once it is on disk."""

import asyncio
import os
import sys

from engine.errors import StorageError
from jobs.send.result_files import ResultFiles
from jobs.send.spending import Keep
from schemas.outcomes import Completed, Outcome


class ReplyPrinter:
    """Writes lines of replies to standard output, one after the other; others may go on meanwhile.

    A reader that is slow slows the sending; nothing is held back.
    """

    def __init__(self, results: ResultFiles) -> None:
        self._results = results
        self._descriptor = sys.stdout.fileno()
        self._turn = asyncio.Lock()

    def printing(self, keep: Keep) -> Keep:
        """`keep`, after which an answer is shown."""

        async def keep_and_show(outcome: Outcome) -> None:
            await keep(outcome)
            if isinstance(outcome, Completed):
                await self.show(outcome.request_id)

        return keep_and_show

    async def show(self, custom_id: str) -> None:
        """Write the line of a request that was answered.

        Raises:
            StorageError: the reader has closed it; what was bought is kept.
        """
        line = self._results.answer_line(custom_id)
        if line is None:
            return
        async with self._turn:
            await asyncio.to_thread(write_output, self._descriptor, line + b"\n")


def write_output(descriptor: int, data: bytes) -> None:
    """Write all of it, past the buffer of Python, which would be flushed to a closed pipe.

    Raises:
        StorageError: the reader has closed it.
    """
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError as error:
        raise StorageError(
            f"standard output: {error.strerror}; all replies so far are kept"
        ) from error
