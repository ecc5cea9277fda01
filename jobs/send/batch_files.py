"""The lines of a file of requests, in blocks, so that memory does not depend on its size."""

from collections.abc import Iterator
from io import RawIOBase
from pathlib import Path
from typing import NamedTuple

from engine.errors import ConfigError

MAX_LINE_BYTES = 1 << 28  # a whole file of the Batch API has 200 MB at most (OpenAI Batch guide)
LINES_BYTES = 1 << 20
READ_BYTES = 1 << 16  # larger ones are slower: they are fetched from fresh memory each time


class Lines(NamedTuple):
    """Lines in a row, without newlines; the number (1-based) and the offset of the first."""

    number: int
    offset: int
    lines: list[bytes]


class Position(NamedTuple):
    """A place between two lines: the number of the line that follows, and its offset."""

    number: int = 1
    offset: int = 0


def read_batch_file(
    path: Path,
    start: Position = Position(),  # noqa: B008 - immutable
    *,
    max_line_bytes: int = MAX_LINE_BYTES,
) -> Iterator[Lines]:
    """All lines of `path` from `start` on, in order, lazily.

    Raises:
        ConfigError: it cannot be read, or a line is too long to be a request.
    """
    number, offset = start
    try:
        with path.open("rb", buffering=0) as file:
            file.seek(offset)
            for lines in _read_lines(file, max_line_bytes):
                yield Lines(number, offset, lines)
                number += len(lines)
                offset += sum(map(len, lines)) + len(lines)
    except _LineTooLongError as error:
        raise line_too_long(f"{path}:{number + error.lines_before}", max_line_bytes) from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


class _LineTooLongError(Exception):
    def __init__(self, lines_before: int) -> None:
        super().__init__()
        self.lines_before = lines_before


def _read_lines(file: RawIOBase, max_line_bytes: int) -> Iterator[list[bytes]]:
    """Lines, about LINES_BYTES of them at a time. The time is linear also in a line's length."""
    lines: list[bytes] = []
    begun: list[bytes] = []  # the parts of a line whose end was not read yet
    begun_bytes = read_bytes = 0
    while data := file.read(READ_BYTES):
        begun.append(data)
        begun_bytes += len(data)
        read_bytes += len(data)
        if b"\n" in data:
            *whole, rest = b"".join(begun).split(b"\n")
            lines += whole
            begun, begun_bytes = [rest], len(rest)
        if begun_bytes > max_line_bytes:
            raise _LineTooLongError(len(lines))
        if read_bytes >= LINES_BYTES:
            yield lines
            lines, read_bytes = [], 0
    last = b"".join(begun)
    yield [*lines, last] if last else lines


def line_too_long(where: str, max_line_bytes: int) -> ConfigError:
    """The error for a line that cannot be a request, if only for its length."""
    return ConfigError(
        f"{where}: this line is longer than {max_line_bytes:,} bytes; expected one request a line"
    )
