"""The files of one batch as they lie on disk: which requests it holds, and lines of results."""

import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import orjson

from engine.errors import DamagedLogError

GROUP_LINES = 1_000  # made durable together
LIMIT_NAMES = (b'"max_completion_tokens":', b'"max_tokens":')


def read_requests(path: Path) -> dict[str, bool]:
    """The ids of a batch's requests, and whether each has an output limit. At most 50,000.

    Raises:
        DamagedLogError: our own file is damaged or gone.
    """
    try:
        with path.open("rb") as file:
            return {
                orjson.loads(line)["custom_id"]: any(name in line for name in LIMIT_NAMES)
                for line in file
            }
    except FileNotFoundError as error:
        raise DamagedLogError(
            f"{path}: is gone, and with it which requests the batch holds; restore it from a backup"
        ) from error
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise DamagedLogError(f"{path}: is damaged ({error}); restore it from a backup") from error


def read_groups(path: Path) -> Iterator[list[bytes]]:
    """Lines of a result file, some at a time; none if there is no such file."""
    if not path.exists():
        return
    with path.open("rb") as file:
        lines: list[bytes] = []
        for line in file:
            if not line.isspace():
                lines.append(line)
            if len(lines) >= GROUP_LINES:
                yield lines
                lines = []
        yield lines


def is_whole(path: Path) -> bool:
    """Whether a result file begins and ends with a line of JSON, and has any.

    A connection may end without a word, and a gateway may answer with a page of its own.
    """
    with path.open("rb") as file:
        first_line = file.readline()
        size_bytes = file.seek(0, os.SEEK_END)
        file.seek(max(size_bytes - 1, 0))
        if file.read() == b"\n":
            return _is_json(first_line)
        file.seek(0)
        last_line = deque(file, maxlen=1)
    return bool(last_line) and _is_json(first_line) and _is_json(last_line.pop())


def _is_json(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False
