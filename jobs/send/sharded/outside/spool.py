"""The folder of a machine in which workers write what is not sealed yet."""

import os
import secrets
import shutil
import stat
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from engine.errors import ConfigError, RunInUseError
from engine.files.lock import WriterLock
from jobs.send.sharded.outside.epochs import StoreEpochs, prefix_of
from jobs.send.sharded.outside.mirror import Mirror
from jobs.send.sharded.outside.sealer import Sealer
from jobs.send.sharded.outside.stores import OWNER_ONLY, Store
from jobs.send.sharded.shards import Epochs, Segment, Shard

INPUTS = "inputs"
RUN = "run"  # the files of the run, among the inputs
PROMPTS = "prompts"  # and its own prompts
LOCK_NAME = "lock"
OWN_NAME = "segment"  # says which segment is written here
KEPT_S = 86_400.0  # for which the spool of a call that nobody works on is kept
HIDDEN = "."  # begins the names of folders that nobody is to find


class Bench(NamedTuple):
    """A shard in a folder that one process works in; it stays until all of it is sealed."""

    folder: Path
    shard: Shard
    lock: WriterLock

    def leave(self, *, is_sealed: bool) -> None:
        """Remove the folder if all that is in it is sealed; else let others have it."""
        if is_sealed:
            _remove(self.folder)
        self.lock.__exit__(None, None, None)


class Spool:
    """What workers of this machine have of one call: its inputs, and folders that they write in.

    A worker that was killed leaves its folder; the next one of the same call here seals what is
    left in it.
    """

    def __init__(self, root: Path, store: Store, call_name: str) -> None:
        self._store = store
        self._call_name = call_name
        self._folder = root / call_name
        self._inputs = self._folder / INPUTS
        self._folder.mkdir(mode=OWNER_ONLY, exist_ok=True)
        os.utime(self._folder)
        _sweep(root)

    def open_bench(self, shard_name: str, epochs: Epochs) -> "Bench":
        """A shard with what it needs, in a folder that is this process's own; blocks.

        Raises:
            TransientError: the store does not answer.
            ConfigError: it refuses.
            DamagedLogError: a part of an earlier segment is damaged.
        """
        self._seal_left()
        self._fetch(f"{self._call_name}/{INPUTS}/", self._inputs)
        name = secrets.token_hex(4)
        hidden = self._folder / (HIDDEN + name)  # till it is locked, nobody finds it
        hidden.mkdir(mode=OWNER_ONLY)
        lock = WriterLock(hidden / LOCK_NAME)
        lock.__enter__()
        folder = hidden.rename(self._folder / name)
        shard = Shard(folder / "shards" / self._call_name / shard_name, epochs)
        bench = Bench(folder, shard, lock)
        try:
            self._lay_out(folder, shard)
            Mirror(self._store, shard).complete()
        except BaseException:
            bench.leave(is_sealed=True)
            raise
        return bench

    @property
    def prompts_dir(self) -> Path | None:
        """Prompts of the run's own, None: it has none."""
        folder = self._inputs / PROMPTS
        return folder if folder.is_dir() else None

    def _fetch(self, prefix: str, folder: Path) -> None:
        """Put the files whose names begin with `prefix` into a folder, as far as they are not."""
        for name in self._store.names(prefix):
            path = folder / name.removeprefix(prefix)
            if path.exists() or not path.suffix:  # parts and their owners have none
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            new_path = path.with_name(HIDDEN + secrets.token_hex(4))
            self._store.download(name, new_path)
            new_path.replace(path)

    def _lay_out(self, folder: Path, shard: Shard) -> None:
        """Put inputs where the work of a shard looks for them."""
        of_run = self._inputs / RUN
        for path in of_run.rglob("*"):
            if path.is_file():
                _link(path, folder / path.relative_to(of_run))
        for path in self._inputs.glob("*.json"):
            _link(path, shard.folder.parent / path.name)
        self._fetch(prefix_of(shard), shard.folder)

    def _seal_left(self) -> None:
        """Seal what workers that have ended have left, as far as anybody still wants it."""
        for folder in self._folder.iterdir():
            if folder.name == INPUTS or folder.name.startswith(HIDDEN):
                continue
            try:
                with WriterLock(folder / LOCK_NAME):
                    self._seal_folder(folder)
                    _remove(folder)
            except (RunInUseError, FileNotFoundError):
                continue  # somebody writes it, or has just removed it

    def _seal_folder(self, folder: Path) -> None:
        own_path = folder / OWN_NAME
        if not own_path.exists():
            return
        segment = Segment(folder / "shards" / self._call_name / own_path.read_text("ascii"))
        if StoreEpochs(self._store).look(segment):
            Sealer.after(self._store, segment).seal()


def _remove(folder: Path) -> None:
    """Remove a folder by whose lock others know it: they cannot find it once that is gone."""
    hidden = folder.with_name(HIDDEN + folder.name)
    folder.rename(hidden)
    shutil.rmtree(hidden)


def note_own(segment: Segment) -> None:
    """Note in a spool's folder which of its segments is written there."""
    folder = segment.folder.parents[3]
    (folder / OWN_NAME).write_text("/".join(segment.folder.parts[-2:]), "ascii")


def spool_root() -> Path:
    """The folder of all spools of this user; TMPDIR says where it lies.

    Raises:
        ConfigError: it is somebody else's.
    """
    root = Path(tempfile.gettempdir()) / f"distill-spool-{os.getuid()}"
    root.mkdir(mode=OWNER_ONLY, exist_ok=True)
    found = root.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise ConfigError(f"{root}: is not this user's alone; remove it, or set TMPDIR")
    return root


def _sweep(root: Path) -> None:
    """Remove what is left of calls that nobody here has worked on for long."""
    for folder in root.iterdir():
        if time.time() - folder.stat().st_mtime > KEPT_S:
            shutil.rmtree(folder, ignore_errors=True)


def _link(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    os.link(path, target)
