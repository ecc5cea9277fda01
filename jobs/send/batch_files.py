"""The lines of a file of requests, some at a time, whatever the file's size."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from engine.errors import ConfigError

MAX_LINE_BYTES = 1 << 28  # a whole file of the Batch API has 200 MB at most (OpenAI Batch guide)
BLOCK_BYTES = 1 << 16  # larger ones are slower: they are fetched from fresh memory each time


class Chunk(NamedTuple):
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
) -> Iterator[Chunk]:
    """All lines of `path` from `start` on, in order, lazily.

    Raises:
        ConfigError: it cannot be read, or a line is too long to be a request.
    """
    try:
        with path.open("rb", buffering=0) as file:
            number, offset = start
            file.seek(offset)
            rest = b""
            while block := file.read(BLOCK_BYTES):
                *lines, rest = (rest + block).split(b"\n")
                if len(rest) > max_line_bytes:
                    raise line_too_long(f"{path}:{number + len(lines)}", max_line_bytes)
                yield Chunk(number, offset, lines)
                number += len(lines)
                offset += sum(map(len, lines)) + len(lines)
            if rest:
                yield Chunk(number, offset, [rest])
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


def line_too_long(where: str, max_line_bytes: int) -> ConfigError:
    """The error for a line that cannot be a request, if only for its length."""
    return ConfigError(
        f"{where}: this line is longer than {max_line_bytes:,} bytes; expected one request a line"
    )
