"""Which requests are out: in a batch that was intended and is not yet collected."""

from __future__ import annotations  # array[int] is not subscriptable before Python 3.12

from array import array
from collections.abc import Iterable
from pathlib import Path

from engine.errors import DamagedLogError
from engine.files.id_index import IdIndex
from engine.files.jsonl_lines import id_key, line_prefix, scan_lines


class OutIndex:
    """Membership by a 64-bit hash, 16 bytes a request.

    Two ids with one hash are next to impossible; if it happened, the one would wait for the
    other's batch, and be asked after it.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        hashes, offsets = array("q"), array("q")
        for path in paths:
            lines = _scan(path)
            hashes.extend(lines)
            offsets.extend(range(len(lines)))
        self._ids = IdIndex(hashes, offsets)

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, request_id: str) -> bool:
        return next(self._ids.offsets(id_key(request_id)), None) is not None


def _scan(path: Path) -> array[int]:
    try:
        return scan_lines(path, line_prefix("custom_id")).hashes
    except FileNotFoundError as error:
        raise DamagedLogError(
            f"{path}: is gone, and with it which requests are out; restore it from a backup"
        ) from error
