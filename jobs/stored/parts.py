"""Parts of a stored run: what became of its files between two seals, as one object."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import orjson
from pydantic import ValidationError

from engine.errors import DamagedLogError
from engine.files.records import first_problem
from jobs.send.sharded.outside.parts import Piece, checked_name, decode_part, encode_part
from schemas.record import Value

NOTE_NAME = "part.json"
OBJECTS = "objects/"  # what the names of objects begin with that are no parts

Base = Literal["kept", "empty", "gone"]


class Extent(Value):
    """Bytes of a file: those of the object of this name, or, without one, those in the part."""

    size_bytes: int
    object_name: str = ""


class FileChange(Value):
    """What became of one file: what it is based on, and what follows that.

    `size_bytes` and `crc` are those of the whole file afterwards.
    """

    name: str
    base: Base
    extents: tuple[Extent, ...] = ()
    size_bytes: int = 0
    crc: int = 0


class PartNote(Value):
    """Who sealed a part, and what it says.

    `writer` is the folder that goes on with the run, `session` one command of it. A part that
    `begins` is the first of a session; `is_after_close`: the session before had ended in good
    order. `is_closed`: nothing was spent that the parts do not tell. Otherwise all that was spent
    until then, and is until the next part, is at most `lent_usd`; None: there is no budget.
    `out_name` is what a file of replies is called; empty: it is the folder of a run.
    """

    writer: str
    session: str
    holder: str
    at: str
    begins: bool = False
    is_after_close: bool = False
    is_closed: bool = False
    lent_usd: float | None = None
    out_name: str = ""
    changes: tuple[FileChange, ...] = ()


class Part(NamedTuple):
    """A note, and the bytes of those extents that stand in the part, in their order."""

    note: PartNote
    inline: Sequence[bytes]

    def changed(self) -> Iterable["tuple[FileChange, list[ExtentData]]"]:
        """Each change with its extents and their bytes."""
        inline = iter(self.inline)
        for change in self.note.changes:
            yield (
                change,
                [
                    ExtentData(each, None if each.object_name else next(inline))
                    for each in change.extents
                ],
            )


class ExtentData(NamedTuple):
    """An extent; `data` None: it is another object's."""

    extent: Extent
    data: bytes | None


def encode(part: Part) -> bytes:
    """A part as it is stored."""
    note = Piece(NOTE_NAME, part.note.model_dump_json(exclude_defaults=True).encode())
    return encode_part([note, *(Piece("inline", data) for data in part.inline)])


def decode(data: bytes, what: str) -> Part:
    """The part that `encode` made; it is called `what` in messages.

    Raises:
        DamagedLogError: it is none of ours, or not whole.
    """
    note_piece, *inline = decode_part(data, what)
    try:
        note = PartNote.model_validate(orjson.loads(note_piece.lines))
        if note.out_name:
            checked_name(note.out_name)
        for change in note.changes:
            checked_name(change.name)
            for name in filter(None, (each.object_name for each in change.extents)):
                _check_object(checked_name(name))
    except ValidationError as error:
        raise _damaged(what, first_problem(error)) from error
    except ValueError as error:
        raise _damaged(what, str(error)) from error
    expected = [e.size_bytes for c in note.changes for e in c.extents if not e.object_name]
    if expected != [len(piece.lines) for piece in inline]:
        raise _damaged(what, "it does not hold what its note says")
    return Part(note, [piece.lines for piece in inline])


def _check_object(name: str) -> None:
    if not name.startswith(OBJECTS):
        raise ValueError(f"{name!r} is no object of a run")


class Merged(NamedTuple):
    """One part in the place of several, and the objects that it no longer needs."""

    part: Part
    unneeded: list[str]


def merge(parts: Sequence[Part]) -> Merged:
    """One part that does to files what these do, one after the other."""
    changes: dict[str, FileChange] = {}
    extents: dict[str, list[ExtentData]] = {}
    unneeded: list[str] = []
    for part in parts:
        for change, added in part.changed():
            before, name = changes.get(change.name), change.name
            base = change.base
            if base == "kept" and before is not None:
                base = "empty" if before.base == "gone" else before.base
            else:
                unneeded += [e.extent.object_name for e in extents.pop(name, []) if e.data is None]
            changes[name] = change.model_copy(update={"base": base})
            extents.setdefault(name, []).extend(added)
    joined = {name: list(_joined(each)) for name, each in extents.items()}
    note = parts[-1].note.model_copy(
        update={
            "begins": False,
            "is_after_close": False,
            "changes": tuple(
                change.model_copy(update={"extents": tuple(e.extent for e in joined[name])})
                for name, change in changes.items()
            ),
        }
    )
    inline = [e.data for name in changes for e in joined[name] if e.data is not None]
    return Merged(Part(note, inline), unneeded)


def _joined(extents: Sequence[ExtentData]) -> Iterable[ExtentData]:
    """The same bytes, those that stand in the part and follow each other as one extent."""
    waiting: list[bytes] = []
    for each in extents:
        if each.data is not None:
            waiting.append(each.data)
            continue
        if waiting:
            yield _inline(waiting)
            waiting = []
        yield each
    if waiting:
        yield _inline(waiting)


def _inline(data: Sequence[bytes]) -> ExtentData:
    joined = b"".join(data)
    return ExtentData(Extent(size_bytes=len(joined)), joined)


def _damaged(what: str, why: str) -> DamagedLogError:
    return DamagedLogError(
        f"{what}: this part of a stored run is damaged: {why}. Nothing is repaired by guessing: "
        "restore it from a backup of the store"
    )
