"""Whole files, replaced in one step: a reader sees the old one or the new one, never a part."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from engine.errors import ConfigError, StorageError


class WriteLine(Protocol):
    """Writes one line; the newline is added."""

    def __call__(self, line: bytes) -> None:
        """Write `line`."""
        ...


@contextmanager
def replacing(path: Path) -> Iterator[WriteLine]:
    """A new file of lines that takes the place of `path` when the block ends well, durably.

    Raises:
        StorageError: the disk refused it; `path` is as it was.
    """
    with replacing_bytes(path) as file:

        def write_line(line: bytes) -> None:
            file.write(line + b"\n")

        yield write_line


@contextmanager
def replacing_bytes(path: Path) -> Iterator[BinaryIO]:
    """The same for a file of any form; it is left open.

    Raises:
        ConfigError: `path` is a device, a pipe or a folder, and stays one.
        StorageError: the disk refused it; `path` is as it was.
    """
    if path.exists() and not path.is_file():
        raise ConfigError(f"{path}: is a device, a pipe or a folder, not a file; name a file")
    new_path = path.with_name(path.name + ".new")
    try:
        with new_path.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        new_path.replace(path)
        sync_path(path.parent)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written ({error}); free or mend the disk") from error
    finally:
        with suppress(OSError):
            new_path.unlink(missing_ok=True)


def replace_file(path: Path, lines: Iterable[bytes]) -> int:
    """Replace the content of `path` by `lines`, durably; returns how many there are.

    Raises:
        StorageError: the disk refused it; `path` is as it was.
    """
    count = 0
    with replacing(path) as write_line:
        for line in lines:
            write_line(line)
            count += 1
    return count


def sync_path(path: Path) -> None:
    """Return once a file, or the entries of a folder, are on disk; raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
