"""Where requests come from, one at a time: a file that was checked, or standard input."""

import asyncio
import logging
import os
import stat
import sys
from array import array
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from engine.errors import ConfigError
from engine.files.id_index import IdIndex
from jobs.send.batch_files import MAX_LINE_BYTES, line_too_long, read_batch_file
from jobs.send.batch_lines import BadLineError, BatchLine, make_batch_request, read_batch_line
from jobs.send.check_batch_file import SHOWN_COUNT, WANTED, CheckedFile
from jobs.send.result_files import ResultFiles
from schemas.requests import Request

_log = logging.getLogger(__name__)

ReadLine = Callable[[], Awaitable[bytes]]


class SourceCounts(NamedTuple):
    """What a source has been found to hold. `wanted` ones are not settled; None: not yet known."""

    wanted: int | None
    answered_before: int
    failed_before: int
    bad: int


class RequestSource(Protocol):
    """Any number of workers may draw at once; each request is drawn by one of them."""

    async def next(self) -> Request | None:
        """The next request that is not settled, None after the last.

        Raises:
            ConfigError: a line cannot be sent and may not be left out.
        """
        ...

    def stop(self) -> None:
        """End early: a task that waits for a line gets None."""
        ...

    def counts(self) -> SourceCounts:
        """What was found so far."""
        ...


class CheckedSource:
    """The requests of a checked file; only wanted lines are parsed again."""

    def __init__(self, checked: CheckedFile) -> None:
        self._checked = checked
        self._requests = self._read_wanted()

    async def next(self) -> Request | None:
        """The next request; raises ConfigError if the file is not the one that was checked."""
        for request in self._requests:
            if request is not None:
                return request
            await asyncio.sleep(0)
        return None

    def read_all(self) -> Iterator[Request]:
        """All requests without pauses for other tasks; for a single reader."""
        return (request for request in self._requests if request is not None)

    def _read_wanted(self) -> Iterator[Request | None]:
        """The wanted requests, and None where nothing was wanted for a while: others may go on."""
        checked = self._checked
        for block in read_batch_file(checked.path, checked.start):
            verdicts = checked.verdicts[block.number - 1 : block.number - 1 + len(block.lines)]
            try:
                for line, verdict in zip(block.lines, verdicts, strict=True):
                    if verdict == WANTED:
                        yield make_batch_request(read_batch_line(line))
            except ValueError:
                raise ConfigError(
                    f"{checked.path}: was changed while it was sent, about line {block.number:,}; "
                    "run again with the file as it is now"
                ) from None
            yield None

    def stop(self) -> None:
        """Nothing to do: reading a file never waits."""

    def counts(self) -> SourceCounts:
        """What the check found."""
        checked = self._checked
        return SourceCounts(
            checked.wanted_count + checked.out_count,
            checked.answered_count,
            checked.failed_count,
            checked.bad_count,
        )


async def show_nothing(_: str) -> None:
    """The `show` of a stream whose replies are not printed."""


class StreamSource:
    """Requests as they come. A line is checked when it arrives. Memory: 16 bytes a line.

    `show` is awaited with the id of each request that was answered before.
    """

    def __init__(
        self,
        reader: "LineReader",
        results: ResultFiles,
        *,
        skips_bad_lines: bool,
        show: Callable[[str], Awaitable[None]] = show_nothing,
    ) -> None:
        self._reader = reader
        self._show = show
        self._results = results
        self._skips_bad_lines = skips_bad_lines
        self._turn = asyncio.Lock()
        self._number = 0
        self._seen = IdIndex(array("q"), array("q"))
        self._answered_before = self._failed_before = self._bad = 0

    async def next(self) -> Request | None:
        """The next request, as soon as its line has come."""
        async with self._turn:
            while data := await self._reader.read_line():
                self._number += 1
                if data.isspace() or (line := self._read(data)) is None:
                    continue
                ending = self._results.ending(line.custom_id)
                if ending is None:
                    return make_batch_request(line)
                self._answered_before += ending == "answered"
                self._failed_before += ending == "failed"
                if ending == "answered":
                    await self._show(line.custom_id)
            return None

    def stop(self) -> None:
        """Wake the tasks that wait for a line."""
        self._reader.close()

    def counts(self) -> SourceCounts:
        """What was found so far."""
        return SourceCounts(None, self._answered_before, self._failed_before, self._bad)

    def _read(self, data: bytes) -> BatchLine | None:
        try:
            line = read_batch_line(data)
            self._check_repeated(line)
        except BadLineError as error:
            self._note_bad(f"{self._reader.name}, line {self._number}: {error}")
            return None
        return line

    def _check_repeated(self, line: BatchLine) -> None:
        key = line.custom_id.encode()
        if (first := next(self._seen.offsets(key), None)) is not None:
            raise BadLineError(
                f"custom_id: found that of line {first:,} again, expected one of its own"
            )
        self._seen.add(key, self._number)

    def _note_bad(self, what: str) -> None:
        if not self._skips_bad_lines:
            raise ConfigError(
                f"{what}\nthe lines before it were sent: mend this one and run again, or leave "
                "such lines out by --skip-bad-lines"
            )
        self._bad += 1
        if self._bad <= SHOWN_COUNT:
            _log.warning("left out: %s", what)


class LineReader:
    """Lines of a stream; a pipe or terminal is waited for without blocking the others."""

    def __init__(
        self, read_line: ReadLine, close: Callable[[], None], name: str = "standard input"
    ) -> None:
        self.read_line = read_line
        self.close = close
        self.name = name


def open_file_lines(path: Path) -> LineReader:
    """A file as lines with their newlines, b"" at its end.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error

    async def read_line() -> bytes:
        line = file.readline(MAX_LINE_BYTES + 1)
        if len(line) > MAX_LINE_BYTES:
            raise line_too_long(str(path), MAX_LINE_BYTES)
        return line

    return LineReader(read_line, file.close, str(path))


async def open_standard_input() -> LineReader:
    """Standard input as lines with their newlines, b"" at its end."""
    mode = os.fstat(sys.stdin.fileno()).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or sys.stdin.isatty()):
        return LineReader(_read_file_line, lambda: None)
    reader = asyncio.StreamReader(limit=MAX_LINE_BYTES)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer
    )

    async def read_line() -> bytes:
        try:
            return await reader.readline()
        except ValueError:
            raise line_too_long("standard input", MAX_LINE_BYTES) from None

    return LineReader(read_line, transport.close)


async def _read_file_line() -> bytes:
    return sys.stdin.buffer.readline()
