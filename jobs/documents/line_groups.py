"""Lines of a file of records, a few hundred kilobytes at a time, for processes that parse them."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from engine.files.records import RecordLine, parse_line
from engine.stopping import Stopping
from schemas.record import Record, Value

MAX_GROUP_BYTES = 256 * 1024  # a group ends with the line that reaches this

R = TypeVar("R", bound=Record)
V = TypeVar("V", bound=Value)


class NothingGiven(Value):
    """Of a work that needs nothing but the lines."""


class LineGroup(NamedTuple, Generic[R, V]):
    """The records of some lines, parsed lazily, and what was given with them."""

    records: Iterator[R]
    given: V


def write_groups(
    path: Path,
    lines: Iterable[RecordLine],
    stopping: Stopping,
    give: Callable[[Sequence[str]], Value] = lambda _: NothingGiven(),
) -> Iterator[bytes]:
    """The lines of `path` as bodies of calls, each with what `give` returns for its ids.

    Raises:
        InterruptedRunError: a stop was requested.
    """
    group: list[RecordLine] = []
    size_bytes = 0
    for line in lines:
        group.append(line)
        size_bytes += len(line.data)
        if size_bytes >= MAX_GROUP_BYTES:
            stopping.raise_if_requested()
            yield _write(path, group, give)
            group, size_bytes = [], 0
    if group:
        yield _write(path, group, give)


def read_group(body: bytes, kind: type[R], given_kind: type[V]) -> LineGroup[R, V]:
    """What `write_groups` wrote. Taking the records raises DamagedLogError if one is none."""
    header, given, *lines = body.split(b"\n")
    path, numbers = json.loads(header)
    records = (
        parse_line(line, kind, Path(path), number)
        for number, line in zip(numbers, lines, strict=True)
    )
    return LineGroup(records, given_kind.model_validate_json(given))


def _write(
    path: Path, group: Sequence[RecordLine], give: Callable[[Sequence[str]], Value]
) -> bytes:
    header = json.dumps([str(path), [line.number for line in group]]).encode()
    given = give([line.record_id for line in group]).model_dump_json().encode()
    return b"\n".join([header, given, *(line.data for line in group)])
