"""Finds lines of a file by an id, without an index: a search of the bytes."""

import mmap
from collections.abc import Iterator
from pathlib import Path

from engine.files.jsonl_lines import id_key, line_prefix


def find_by_id(path: Path, id_field: str, item_id: str) -> bytes | None:
    """The first whole line whose first field is this id."""
    return next(_find(path, line_prefix(id_field) + id_key(item_id), at_start=True), None)


def find_by_field(path: Path, field: str, value: str) -> Iterator[bytes]:
    """All whole lines with this value in a text field.

    No text can imitate that: quotes in a text are escaped.
    """
    yield from _find(path, b'"%b":%b' % (field.encode(), id_key(value)), at_start=False)


def _find(path: Path, wanted: bytes, *, at_start: bool) -> Iterator[bytes]:
    if not path.exists() or not path.stat().st_size:
        return
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        at = data.find(wanted)
        while at >= 0:
            start = data.rfind(b"\n", 0, at) + 1
            end = data.find(b"\n", at)
            if end < 0:
                return
            if not at_start or start == at:
                yield data[start:end]
            at = data.find(wanted, end)
