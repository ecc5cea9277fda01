"""The lines of a file of requests, one at a time, whatever the file's size."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from engine.errors import ConfigError

MAX_LINE_BYTES = 1 << 28  # a whole file of the Batch API has 200 MB at most (OpenAI Batch guide)
READ_BYTES = 1 << 20


class Line(NamedTuple):
    """A line with its newline, its number (1-based), and the offset at which it begins."""

    number: int
    offset: int
    data: bytes


class Position(NamedTuple):
    """A place between two lines: how many stand before it, and its offset."""

    number: int = 0
    offset: int = 0


def read_batch_file(path: Path, start: Position = Position()) -> Iterator[Line]:  # noqa: B008
    """The lines of `path` from `start` on, in order, lazily; blank ones are passed over.

    Raises:
        ConfigError: it cannot be read, or a line is too long to be a request.
    """
    try:
        with path.open("rb", buffering=READ_BYTES) as file:
            number, offset = start
            file.seek(offset)
            while data := file.readline(MAX_LINE_BYTES):
                number += 1
                if len(data) == MAX_LINE_BYTES:
                    raise line_too_long(f"{path}:{number}")
                if not data.isspace():
                    yield Line(number, offset, data)
                offset += len(data)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


def line_too_long(where: str) -> ConfigError:
    """The error for a line that cannot be a request, if only for its length."""
    return ConfigError(
        f"{where}: this line is longer than {MAX_LINE_BYTES:,} bytes; expected one request a line"
    )
