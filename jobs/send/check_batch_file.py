"""The first pass over a file of requests: every line is checked before anything is sent."""

from __future__ import annotations  # array[int] is not subscriptable before Python 3.12

import logging
from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import orjson

from engine.errors import ConfigError
from engine.files.jsonl_lines import id_key
from engine.stopping import Stopping
from jobs.send.batch_files import Lines, Position, read_batch_file
from jobs.send.batch_lines import BadLineError, id_key_at_sight, read_batch_line
from jobs.send.result_files import OutcomeKind, ResultFiles

SHOWN_COUNT = 20
SMALL_FILE_LINES = 100_000
MARK_LINES = 64

_SKIPPED, WANTED, _ANSWERED, _FAILED, _OUT = range(5)
_VERDICTS: dict[OutcomeKind | None, int] = {
    None: WANTED,
    "answered": _ANSWERED,
    "failed": _FAILED,
    "out": _OUT,
}

_log = logging.getLogger(__name__)


class CheckedFile(NamedTuple):
    """A file whose lines are known: a byte for each says whether it is `WANTED`, to be sent.

    Before `start` none is wanted. `marks` are the offsets of each MARK_LINES-th line, and the end.
    """

    path: Path
    verdicts: bytearray
    bad_count: int
    start: Position
    marks: array[int]

    @property
    def wanted_count(self) -> int:
        """How many requests are not settled."""
        return self.verdicts.count(WANTED)

    @property
    def out_count(self) -> int:
        """How many requests are in batches."""
        return self.verdicts.count(_OUT)

    @property
    def answered_count(self) -> int:
        """How many requests were answered before."""
        return self.verdicts.count(_ANSWERED)

    @property
    def failed_count(self) -> int:
        """How many requests failed for good before."""
        return self.verdicts.count(_FAILED)


def check_batch_file(
    path: Path,
    results: ResultFiles,
    stopping: Stopping,
    *,
    skips_bad_lines: bool,
    was_checked: bool = False,
) -> CheckedFile:
    """Check all lines of `path`, and find those that are not settled in `results`.

    Memory: 26 bytes a line, whatever its length; one of them stays. `was_checked`: every line is
    known to be a request, so that its id is enough.

    Raises:
        ConfigError: a line cannot be sent or repeats a custom_id, and may not be skipped.
        InterruptedRunError: a stop was requested meanwhile.
    """
    check = Check(path, results, was_checked=was_checked)
    for block in read_batch_file(path):
        stopping.raise_if_requested()
        check.add(block)
    return check.end(skips_bad_lines=skips_bad_lines)


class _ReadLine(NamedTuple):
    key: bytes
    verdict: int


class _Duplicate(NamedTuple):
    number: int
    first_number: int


class Check:
    """A pass under way: of each line a hash of its id, its offset, and what is to be done."""

    def __init__(self, path: Path, results: ResultFiles, *, was_checked: bool = False) -> None:
        self._path = path
        self._results = results
        self._was_checked = was_checked
        self._hashes, self._offsets = array("q"), array("q")
        self._problems: list[tuple[int, str]] = []
        self._verdicts = bytearray()
        self._bad_count = 0
        self._end = 0

    def add(self, block: Lines) -> None:
        """A line that was settled is not looked at any further: nothing of it will be sent."""
        keys = [id_key_at_sight(line) for line in block.lines]
        for index, ending in enumerate(self._results.endings(keys)):
            if ending is None:
                read = self._read(block.number + index, block.lines[index])
                keys[index], verdict = read
            else:
                verdict = _VERDICTS[ending]
            self._verdicts.append(verdict)
        self._note(keys, [len(line) + 1 for line in block.lines])

    def add_read(
        self, keys: Sequence[bytes], sizes: Sequence[int], problems: Mapping[int, str]
    ) -> None:
        """Add lines that were read elsewhere, of which nothing is in a batch.

        Each has its id, or b"", and its size; what is wrong with one, by its index.
        """
        number, known = len(self._verdicts) + 1, list(keys)
        endings = self._results.endings(keys)
        verdicts = bytearray(map(_VERDICTS.__getitem__, endings))
        for index, problem in problems.items():
            if endings[index] is None:
                self._add_problem(number + index, problem)
                known[index] = b""
        for index in (index for index, key in enumerate(known) if not key):
            verdicts[index] = _SKIPPED
        self._verdicts += verdicts
        self._note(known, sizes)

    def end(self, *, skips_bad_lines: bool) -> CheckedFile:
        """What all lines come to.

        Raises:
            ConfigError: one cannot be sent or repeats a custom_id, and may not be skipped.
        """
        self._strike_duplicates()
        self._report(skips_bad_lines=skips_bad_lines)
        marks = self._offsets[::MARK_LINES]
        marks.append(self._end)
        return CheckedFile(self._path, self._verdicts, self._bad_count, self._find_start(), marks)

    def _note(self, keys: Sequence[bytes], sizes: Sequence[int]) -> None:
        self._hashes.extend(map(hash, keys))
        ends = list(accumulate(sizes, initial=self._end))
        self._end = ends.pop()
        self._offsets.extend(ends)

    def _read(self, number: int, line: bytes) -> _ReadLine:
        if self._was_checked and (key := id_key_at_sight(line)):
            return _ReadLine(key, _VERDICTS[self._results.ending(orjson.loads(key))])
        if not line or line.isspace():
            return _ReadLine(b"", _SKIPPED)
        try:
            custom_id = read_batch_line(line).custom_id
        except BadLineError as error:
            self._add_problem(number, str(error))
            return _ReadLine(b"", _SKIPPED)
        return _ReadLine(id_key(custom_id), _VERDICTS[self._results.ending(custom_id)])

    def _strike_duplicates(self) -> None:
        for number, first_number in self._find_duplicates():
            self._verdicts[number - 1] = _SKIPPED
            self._add_problem(
                number,
                f"custom_id: found that of line {first_number:,} again, expected one of its own",
            )

    def _report(self, *, skips_bad_lines: bool) -> None:
        if not self._bad_count:
            return
        lines = [f"{self._path}:{number}: {what}" for number, what in sorted(self._problems)]
        if self._bad_count > len(lines):
            lines.append(f"{self._path}: and {self._bad_count - len(lines):,} more such lines")
        if not skips_bad_lines:
            advice = "nothing was sent: mend the file, or leave these lines out by --skip-bad-lines"
            raise ConfigError("\n".join([*lines, advice]))
        for text in lines:
            _log.warning("left out: %s", text)

    def _find_start(self) -> Position:
        index = self._verdicts.find(WANTED)
        return Position(index + 1, self._offsets[index]) if index >= 0 else Position()

    def _add_problem(self, number: int, what: str) -> None:
        self._bad_count += 1
        if len(self._problems) < SHOWN_COUNT:
            self._problems.append((number, what))

    def _find_duplicates(self) -> Iterator[_Duplicate]:
        """Lines whose id an earlier line has, in order. An equal hash is only a suspicion."""
        if len(self._hashes) <= SMALL_FILE_LINES and len(set(self._hashes)) == len(self._hashes):
            return  # most files end here, before numpy takes its 0.1 s
        import numpy as np

        hashes = np.frombuffer(self._hashes, dtype=np.int64)
        in_order = np.sort(hashes)
        repeated = in_order[1:][in_order[1:] == in_order[:-1]]
        del in_order
        suspects = np.flatnonzero(np.isin(hashes, repeated)) if len(repeated) else repeated
        first_numbers: dict[str, int] = {}
        with self._path.open("rb") as file:
            for index in suspects.tolist():
                if self._verdicts[index] == _SKIPPED:
                    continue
                file.seek(self._offsets[index])
                custom_id = read_batch_line(file.readline()).custom_id
                first_number = first_numbers.setdefault(custom_id, index + 1)
                if first_number <= index:
                    yield _Duplicate(index + 1, first_number)
