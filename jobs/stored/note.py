"""What a run's folder says of its store."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, ValidationError

from engine.errors import DamagedLogError
from engine.files.records import first_problem
from engine.files.replace import replace_file
from schemas.record import Value


class StoredFile(Value):
    """How far a file is stored, and what it was like when that was last looked at."""

    size_bytes: int
    crc: int
    inode: int = 0
    mtime_ns: int = 0
    seen_bytes: int = -1


class StoreNote(Value):
    """In a run's folder: where it is stored, and how far. No `writer`: it is only a copy.

    `writer` is a name of the folder that no other has; `number` the last part that it knows of.
    """

    url: str
    writer: str = ""
    number: int = 0
    files: Mapping[str, StoredFile] = Field(default_factory=dict)


def read_store_note(path: Path) -> StoreNote | None:
    """What stands beside a run, or a file of replies, of its store; None: it has none.

    Raises:
        DamagedLogError: it is not what distill writes.
    """
    if not path.exists():
        return None
    try:
        return StoreNote.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise DamagedLogError(
            f"{path}: is not what distill writes: {first_problem(error)}; restore it, or fetch "
            "the run from its store into another folder (`distill fetch`)"
        ) from error


def write_store_note(path: Path, note: StoreNote) -> None:
    """Replace it in one step. Raises StorageError."""
    replace_file(path, [note.model_dump_json().encode()])
