"""What a run's folder says of its store."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import Field, ValidationError

from engine.errors import ConfigError, DamagedLogError
from engine.files.records import first_problem
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from schemas.record import Value

if TYPE_CHECKING:  # what is imported for a cluster takes time that other calls need not wait
    from jobs.send.sharded.cluster_process import ClusterPlace


class FileState(Value):
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
    files: Mapping[str, FileState] = Field(default_factory=dict)


def read_store_note(folder: RunFolder) -> StoreNote | None:
    """What a run's folder says of its store; None: it has none.

    Raises:
        DamagedLogError: it is not what distill writes.
    """
    path = folder.store_path
    if not path.exists():
        return None
    try:
        return StoreNote.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise DamagedLogError(
            f"{path}: is not what distill writes: {first_problem(error)}; restore it, or fetch "
            "the run from its store into another folder (`distill fetch`)"
        ) from error


def write_store_note(folder: RunFolder, note: StoreNote) -> None:
    """Replace it in one step. Raises StorageError."""
    replace_file(folder.store_path, [note.model_dump_json().encode()])


def check_place(folder: RunFolder, url: str | None, place: "ClusterPlace | None") -> None:
    """Refuse workers on a cluster where the run is, or is to be, kept in a store.

    Raises:
        ConfigError: as above.
    """
    if place is not None and (url is not None or read_store_note(folder) is not None):
        raise ConfigError(
            "--on ray: this run is kept in a store, and one process goes on with such a run; "
            "leave --on ray out, or --store, with a run that has none"
        )
