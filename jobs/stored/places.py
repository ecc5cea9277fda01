"""What is kept in a store: the folder of a run, or a file of replies with what goes with it."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from engine.run_folder import RunFolder
from jobs.run.batch_folders import send_batch_folder
from jobs.send.result_files import check_paths, result_paths, shards_root, store_note_path
from jobs.send.sharded.outside.sealer import rank_in
from jobs.stored.unsealed import count_unsealed, count_unsealed_replies

LINES = (".jsonl", ".part")  # of these files of a run whole lines are stored
LOCK_NAME = "store.lock"
_OWN_NAMES = ("lock", "store.json", LOCK_NAME, "local_model.log", "student.log")
_TRANSIENT = (".new", ".reserve", ".fresh", ".torn", ".output.jsonl", ".errors.jsonl", ".lock")
_CHECKPOINT = "checkpoint."
_OF_WORKERS = ("shards/", "repeats/")  # part of the run once it is taken in


class Place(Protocol):
    """Files below a folder by which they are named, and what is peculiar to some of them.

    `target` is what the user calls them; `out_name` that of a file of replies, empty for a run.
    """

    root: Path
    target: Path
    out_name: str
    note_path: Path
    lock_path: Path

    def make(self) -> None:
        """See to it that all folders are there. Raises ConfigError where there can be none."""
        ...

    def paths(self) -> Iterable[Path]:
        """The files, those whose lines refer to others before these."""
        ...

    def has_lines(self, path: Path) -> bool:
        """Whether whole lines of it are stored."""
        ...

    def is_counter(self, path: Path) -> bool:
        """Whether it is not worth a part of its own."""
        ...

    def is_late(self, name: str) -> bool:
        """Whether it is stored at the end of a command alone: large files that grow in place."""
        ...

    def is_left(self) -> bool:
        """Whether workers have left what does not stand in these files yet."""
        ...

    async def count_unsealed(self, lent_usd: float | None) -> float:
        """As jobs.stored.unsealed."""
        ...


class RunPlace:
    """The folder of a run."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self.root = self.target = folder.run_dir
        self.out_name = ""
        self.note_path = folder.store_path
        self.lock_path = folder.run_dir / LOCK_NAME

    def make(self) -> None:
        """As Place.make."""
        self._folder.create()

    def paths(self) -> Iterable[Path]:
        """As Place.paths."""
        found = [Path(top, name) for top, _, names in os.walk(self.root) for name in names]
        paths = list(filter(self._is_stored, found))
        paths.sort(key=lambda path: (-rank_in(self._folder, path), path))
        return paths

    def has_lines(self, path: Path) -> bool:
        """As Place.has_lines."""
        return path.suffix in LINES

    def is_counter(self, path: Path) -> bool:
        """As Place.is_counter."""
        return path in (self._folder.stats_path, self._folder.log_path)

    def is_late(self, name: str) -> bool:
        """As Place.is_late."""
        return name.startswith("student/")

    def is_left(self) -> bool:
        """As Place.is_left."""
        return self._folder.shards_dir.exists()

    async def count_unsealed(self, lent_usd: float | None) -> float:
        """As Place.count_unsealed."""
        return await count_unsealed(self._folder, lent_usd)

    def _is_stored(self, path: Path) -> bool:
        """Not locks, what is not whole yet, and what can be made or fetched again."""
        name = str(path.relative_to(self.root))
        return not (
            "/." in f"/{name}"  # hidden, or in a hidden folder
            or name in _OWN_NAMES
            or name.startswith(_OF_WORKERS)
            or path.name.endswith(_TRANSIENT)
            or path.name.startswith(_CHECKPOINT)
            or path.is_symlink()
        )


class OutPlace:
    """A file of replies, with its failures, its log of sends and its batches."""

    def __init__(self, out_path: Path) -> None:
        self._paths = result_paths(out_path)
        self._batches = send_batch_folder(out_path)
        self.root, self.target, self.out_name = out_path.parent, out_path, out_path.name
        self.note_path = store_note_path(out_path)
        self.lock_path = out_path.with_name(f"{out_path.name}.{LOCK_NAME}")

    def make(self) -> None:
        """As Place.make: it lies in a folder that there is."""
        check_paths(None, self._paths)

    def paths(self) -> Iterable[Path]:
        """As Place.paths: replies tell how long the log of sends was, so that comes after them."""
        yield self._batches.ledger_path
        yield from self._paths[:3]
        yield from self._of_batches()
        yield self._paths.stats
        yield self._paths.sends

    def has_lines(self, path: Path) -> bool:
        """As Place.has_lines: all have, but the id of the batches' owner."""
        return path.name != "owner"

    def is_counter(self, path: Path) -> bool:
        """As Place.is_counter."""
        return path == self._paths.stats

    def is_late(self, name: str) -> bool:
        """As Place.is_late: none is."""
        return False

    def is_left(self) -> bool:
        """As Place.is_left."""
        return shards_root(self.target).exists()

    async def count_unsealed(self, lent_usd: float | None) -> float:
        """As Place.count_unsealed."""
        return await count_unsealed_replies(self.target, lent_usd)

    def _of_batches(self) -> Iterator[Path]:
        folder = self._batches
        for path in sorted(folder.files_dir.glob("*")):
            if path != folder.ledger_path and not path.name.endswith(_TRANSIENT):
                yield path


def place_in(folder: Path, out_name: str) -> Place:
    """What is to be put together in a folder: a run, or a file of replies of that name."""
    return OutPlace(folder / out_name) if out_name else RunPlace(RunFolder(folder))
