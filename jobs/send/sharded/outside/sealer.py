"""Seals what a worker writes of a segment, a part after the other."""

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from engine.files.jsonl_lines import read_blocks
from engine.run_folder import RunFolder
from jobs.send.sharded.outside.epochs import prefix_of
from jobs.send.sharded.outside.parts import (
    Piece,
    SegmentPart,
    decode_part,
    encode_part,
    part_names,
)
from jobs.send.sharded.outside.stores import Store
from jobs.send.sharded.shards import Segment, Shard

PART_BYTES = 8 << 20  # about, and a longest line more
SEALED = (".jsonl", ".errors", ".sends")  # not counters, locks and reserves
BOOK, RESULT, LEDGER = range(3)


class _Part(NamedTuple):
    seq: int
    pieces: list[Piece]


class Sealer:
    """Puts whole lines of a segment's files into the store, each once, in their order.

    What a line refers to is sealed before it or with it: outcomes before what was made of them,
    and that before the line by which an item counts as finished.
    """

    def __init__(self, store: Store, segment: Segment) -> None:
        """Begin with an epoch that is this process's own."""
        self._store = store
        self._segment = segment
        self._own = RunFolder(segment.folder)
        self._prefix = prefix_of(Shard(segment.folder.parent))
        self._ends: Counter[str] = Counter()
        self._seq = 1
        self._pending: _Part | None = None
        self._turn = threading.Lock()

    @classmethod
    def after(cls, store: Store, segment: Segment) -> "Sealer":
        """One that goes on where another, which has ended, has not sealed all."""
        sealer = cls(store, segment)
        for part in part_names(store.names(sealer._prefix)):
            if part.epoch == segment.epoch:
                name = f"{sealer._prefix}{part}"
                sealer._note(_Part(part.seq, decode_part(store.get(name) or b"", name)))
        return sealer

    def seal(self) -> None:
        """Seal all that is written by now; blocks.

        Raises:
            TransientError: the store does not answer. The next call tries the same part again.
            ConfigError: it refuses.
        """
        with self._turn:
            ends = self._written()
            while part := self._pending or self._next_part(ends):
                self._pending = part
                name = f"{self._prefix}{SegmentPart(self._segment.epoch, part.seq)}"
                if not self._store.put_new(name, encode_part(part.pieces)):
                    raise RuntimeError(f"{name}: another has written it, in this one's epoch")
                self._note(part)
                self._pending = None

    def _note(self, part: _Part) -> None:
        for name, lines in part.pieces:
            self._ends[name] += len(lines)
        self._seq = part.seq + 1

    def _written(self) -> dict[Path, int]:
        """How far each file is: what refers to others is looked for, and at, before them."""
        return {
            path: path.stat().st_size
            for rank in (LEDGER, RESULT, BOOK)
            for path in self._segment.folder.rglob("*")
            if path.suffix in SEALED and self._rank(path) == rank
        }

    def _rank(self, path: Path) -> int | None:
        """What refers to what is of a lower rank; None: it is not sealed."""
        own = self._own
        return None if path in (own.stats_path, own.log_path) else rank_in(own, path)

    def _next_part(self, ends: dict[Path, int]) -> _Part | None:
        pieces, size_bytes = list[Piece](), 0
        for path in reversed(ends):
            name = str(path.relative_to(self._segment.folder))
            for lines in _lines_of(path, self._ends[name], ends[path]):
                pieces.append(Piece(name, lines))
                size_bytes += len(lines)
                if size_bytes >= PART_BYTES:
                    return _Part(self._seq, pieces)
        return _Part(self._seq, pieces) if pieces else None


def rank_in(folder: RunFolder, path: Path) -> int:
    """What refers to what: the lines of a file to those of files of a lower rank alone."""
    if path in (folder.journal_path, folder.sends_path):
        return BOOK
    if path.is_relative_to(folder.batches_dir):
        return BOOK
    is_ledger = path.is_relative_to(folder.finished_dir) or path == folder.batches_path
    return LEDGER if is_ledger else RESULT


def _lines_of(path: Path, start: int, end: int) -> Iterator[bytes]:
    for block in read_blocks(path, start, end):
        yield b"".join(line + b"\n" for line in block.lines)
