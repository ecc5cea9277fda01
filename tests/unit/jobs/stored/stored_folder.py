"""A run's folder with a few files, its store, and sessions on it."""

from pathlib import Path

from engine.run_folder import RunFolder
from engine.testing.clocks import ManualClock
from jobs.send.sharded.outside.stores import FolderStore
from jobs.stored.note import StoreNote, read_store_note, write_store_note
from jobs.stored.part_log import PartLog
from jobs.stored.places import RunPlace
from jobs.stored.session import Session

URL = "file:///a-store"
FEW_TOGETHER = 4  # parts that are merged into one, where a test says so


def make_folder(path: Path) -> RunFolder:
    folder = RunFolder(path)
    folder.create()
    folder.config_path.write_bytes(b"[run]\n")
    folder.journal_path.write_bytes(b'{"request_id":"a"}\n')
    return folder


def begin(folder: RunFolder, store: FolderStore, writer: str = "first") -> Session:
    """A session as the next command in this folder has it."""
    note = read_store_note(folder.store_path) or StoreNote(url=URL, writer=writer)
    write_store_note(folder.store_path, note)
    return Session(RunPlace(folder), note, PartLog(store), ManualClock())


def append(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(data)


def contents(folder: RunFolder) -> dict[str, bytes]:
    """All files but those that tell of the store."""
    return {
        str(path.relative_to(folder.run_dir)): path.read_bytes()
        for path in sorted(folder.run_dir.rglob("*"))
        if path.is_file() and not path.name.startswith("store.")
    }
