"""Workers of a machine have folders of their own in its spool, until all of them is sealed."""

import shutil
from pathlib import Path

import pytest

from jobs.send.sharded.outside.epochs import StoreEpochs
from jobs.send.sharded.outside.sealer import Sealer
from jobs.send.sharded.outside.spool import LOCK_NAME, Bench, Spool, note_own
from jobs.send.sharded.outside.stores import FolderStore
from jobs.send.sharded.shards import Segment

CALL, SHARD = "call", "shard-00000"


class Machine:
    """A machine with a store, and a shard that one worker after the other works on."""

    def __init__(self, tmp_path: Path) -> None:
        for name in ("store", "root"):
            (tmp_path / name).mkdir()
        self.root = tmp_path / "root"
        self.store = FolderStore(tmp_path / "store")

    def begin(self) -> Bench:
        """A worker's folder."""
        return Spool(self.root, self.store, CALL).open_bench(SHARD, StoreEpochs(self.store))

    def write(self, bench: Bench) -> Segment:
        """A worker takes the shard over, and writes a line."""
        segment = bench.shard.take_over()
        note_own(segment)
        segment.paths.answers.write_bytes(b'{"custom_id":"a"}\n')
        return segment

    def parts(self) -> list[str]:
        return self.store.names(f"{CALL}/{SHARD}/00001-0")

    def folders(self) -> list[str]:
        return sorted(path.name for path in (self.root / CALL).iterdir())


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_next_worker_seals_what_one_has_left_and_removes_its_folder(machine: Machine) -> None:
    first = machine.begin()
    machine.write(first)
    first.leave(is_sealed=False)

    second = machine.begin()

    assert len(machine.parts()) == 1
    assert machine.folders() == [second.folder.name]
    assert [each.epoch for each in second.shard.segments()] == [1]
    second.leave(is_sealed=True)
    assert machine.folders() == []


def test_worker_that_begins_while_another_removes_its_folder_leaves_it_alone(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = machine.begin()
    Sealer(machine.store, machine.write(first)).seal()
    remove, begun = shutil.rmtree, list[Bench]()

    def remove_while_another_begins(folder: Path) -> None:
        (folder / LOCK_NAME).unlink()  # what a removal may begin with
        monkeypatch.undo()
        begun.append(machine.begin())
        remove(folder)

    monkeypatch.setattr(shutil, "rmtree", remove_while_another_begins)
    first.leave(is_sealed=True)

    assert machine.folders() == [begun[0].folder.name]
    begun[0].leave(is_sealed=True)
