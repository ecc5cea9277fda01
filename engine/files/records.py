"""Records in JSONL files: written with their id first, read back validated."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from pydantic import ValidationError

from engine.closing import AsyncClosing
from engine.errors import DamagedLogError
from engine.files.id_index import IdIndex
from engine.files.jsonl import JsonlLog
from engine.files.jsonl_lines import damaged_line, line_prefix, read_lines, read_lines_by_id
from schemas.record import Record

R = TypeVar("R", bound=Record)


def id_field(kind: type[Record]) -> str:
    """The name of a record's id: its first field."""
    return next(iter(kind.model_fields))


def record_id(record: Record) -> str:
    """The id of a record: the value of its first field."""
    return str(getattr(record, id_field(type(record))))


def encode_record(record: Record) -> bytes:
    """The line of a record, without its newline."""
    return record.model_dump_json().encode()


def read_ids(path: Path, kind: type[Record]) -> Iterator[str]:
    """The ids of a file's whole lines, in order; nothing else of them is read.

    Ids must be content ids: what an id could not contain is not decoded here.
    """
    id_start = len(line_prefix(id_field(kind))) + 1
    for line in read_lines(path):
        yield line[id_start : line.find(b'"', id_start)].decode()


class GroupedId(NamedTuple):
    """The id of a record, and another content id in it by which records belong together."""

    group_id: str
    record_id: str


def read_grouped_ids(path: Path, kind: type[Record], group_field: str) -> Iterator[GroupedId]:
    """The ids of a file's whole lines, each with the id in `group_field`; nothing else is read."""
    id_start = len(line_prefix(id_field(kind))) + 1
    name = b'"%b":"' % group_field.encode()
    for line in read_lines(path):
        group_start = line.find(name) + len(name)
        yield GroupedId(
            line[group_start : line.find(b'"', group_start)].decode(),
            line[id_start : line.find(b'"', id_start)].decode(),
        )


def read_records(
    path: Path, kind: type[R], *, is_wanted: Callable[[str], bool] = lambda _: True
) -> Iterator[R]:
    """The records of a file, in order, one at a time; only those whose id `is_wanted`.

    An unwanted line costs its id only; it is not parsed. Of several lines with one id the first
    is read: a copied line makes nothing twice. No file, no records. Memory: 16 bytes a record.

    Raises:
        DamagedLogError: a line is not such a record.
    """
    for line in read_record_lines(path, kind, is_wanted=is_wanted):
        yield parse_line(line.data, kind, path, line.number)


class RecordLine(NamedTuple):
    """A record that is not parsed yet: its id, its line, and the number (1-based) of that."""

    record_id: str
    number: int
    data: bytes


def read_record_lines(
    path: Path, kind: type[Record], *, is_wanted: Callable[[str], bool] = lambda _: True
) -> Iterator[RecordLine]:
    """The same lines as `read_records` reads, for who has them parsed elsewhere: `parse_line`."""
    id_start = len(line_prefix(id_field(kind))) + 1
    seen = IdIndex(array("q"), array("q"))
    for number, line in enumerate(read_lines(path), start=1):
        key = line[id_start : line.find(b'"', id_start)]
        record_id = key.decode(errors="replace")
        if is_wanted(record_id) and not seen.holds(key):
            yield RecordLine(record_id, number, line)
            seen.add(key, number)


def read_records_by_id(
    path: Path,
    kind: type[R],
    *,
    group_field: str | None = None,
    is_wanted: Callable[[str], bool] = lambda _: True,
) -> Iterator[R]:
    """The same in the order of the ids, whatever order the lines were written in.

    With `group_field`, another content id of each record, that one orders them first. Memory: 24
    bytes a line, 32 with `group_field`.
    """
    for line in read_lines_by_id(path, line_prefix(id_field(kind)), group_field=group_field):
        record = parse_line(line.data, kind, path, line.number)
        if is_wanted(record_id(record)):
            yield record


class RecordLog(AsyncClosing, Generic[R]):
    """An append-only file of records of one kind, each id at most once."""

    def __init__(self, path: Path, kind: type[R]) -> None:
        self._kind = kind
        self._log = JsonlLog(path, id_field=id_field(kind))

    async def aclose(self) -> None:
        """Wait for what is being written, then close the file."""
        await self._log.aclose()

    def __contains__(self, item_id: str) -> bool:
        return item_id in self._log

    def __len__(self) -> int:
        return len(self._log)

    @property
    def path(self) -> Path:
        """The file."""
        return self._log.path

    def get(self, item_id: str) -> R | None:
        """The record with this id, None if there is none.

        Raises:
            DamagedLogError: its line is not such a record.
        """
        line = self._log.read(item_id)
        if line is None:
            return None
        try:
            return self._kind.model_validate_json(line)
        except ValidationError as error:
            raise self._log.damaged(item_id, first_problem(error)) from error

    def require(self, item_id: str) -> R:
        """The record with this id, which another file of the run refers to.

        Raises:
            DamagedLogError: it is not there, or its line is not such a record.
        """
        record = self.get(item_id)
        if record is None:
            raise DamagedLogError(
                f"{self.path}: the line of {item_id} is missing, which other files of the run "
                "name; restore the run from a backup"
            )
        return record

    async def append(self, records: Sequence[R]) -> None:
        """Keep the records that are not there yet; returns once all are on disk.

        Raises:
            StorageError: the disk refused them.
        """
        by_id = {record_id(record): record for record in records}
        new = {id_: record for id_, record in by_id.items() if id_ not in self._log}
        await self._log.append_each((id_, encode_record(record)) for id_, record in new.items())

    async def adopt_each(self, lines: Sequence[bytes]) -> list[bytes]:
        """As JsonlLog.adopt_each."""
        return await self._log.adopt_each(lines)


def parse_line(line: bytes, kind: type[R], path: Path, number: int) -> R:
    """The record of line `number` of a file.

    Raises:
        DamagedLogError: it is not such a record.
    """
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        raise damaged_line(path, number, first_problem(error)) from error


def first_problem(error: ValidationError) -> str:
    """What is wrong, and where, in one line without the value that was found."""
    problem = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in problem["loc"])
    return f"{where}: {problem['msg']}" if where else problem["msg"]
