"""What is sealed of a segment, and put together again, is what was written of it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import DamagedLogError, TransientError
from engine.files.jsonl_lines import BLOCK_BYTES
from engine.run_folder import RunFolder
from jobs.send.sharded.outside import sealer as sealers
from jobs.send.sharded.outside.epochs import StoreEpochs
from jobs.send.sharded.outside.mirror import Mirror
from jobs.send.sharded.outside.sealer import Sealer
from jobs.send.sharded.outside.stores import FolderStore
from jobs.send.sharded.shards import Segment, Shard

NAME = "call/shard-00000"


class RefusingStore(FolderStore):
    """Refuses puts while it is told to; `comes_through`: it has written them all the same."""

    is_refusing = False
    comes_through = False

    def put_new(self, name: str, data: bytes) -> bool:
        if not self.is_refusing or self.comes_through:
            held = super().put_new(name, data)
        if self.is_refusing:
            raise TransientError("the store is away", code="store_away")
        return held


@pytest.fixture
def store(tmp_path: Path) -> RefusingStore:
    (tmp_path / "store").mkdir()
    return RefusingStore(tmp_path / "store")


@pytest.fixture
def segment(tmp_path: Path, store: RefusingStore) -> Segment:
    """A segment as a worker begins it."""
    return shard_in(tmp_path / "worker", store).take_over()


def shard_in(folder: Path, store: RefusingStore) -> Shard:
    return Shard(folder / NAME, StoreEpochs(store))


def write(segment: Segment, name: str, data: bytes) -> None:
    path = segment.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(data)


def mirrored(
    folder: Path, store: RefusingStore, fetch: Callable[[Mirror], None]
) -> dict[str, bytes]:
    """What another machine then has of the first segment."""
    shutil.rmtree(folder, ignore_errors=True)
    fetch(Mirror(store, shard_in(folder, store)))
    own = folder / NAME / "epoch-1"
    return {
        str(path.relative_to(own)): path.read_bytes() for path in own.rglob("*") if path.is_file()
    }


def test_whole_lines_are_sealed_as_they_come_and_each_once(
    segment: Segment, store: RefusingStore, tmp_path: Path
) -> None:
    sealer, there = Sealer(store, segment), tmp_path / "there"
    write(segment, "journal.jsonl", b"1\n2\nto")
    write(segment, "stats.jsonl", b"counters\n")
    sealer.seal()
    first = mirrored(there, store, Mirror.look)
    write(segment, "journal.jsonl", b"rn\n")
    write(segment, "finished/questions.jsonl", b"a\n")
    sealer.seal()
    sealer.seal()

    assert first == {"journal.jsonl": b"1\n2\n"}
    both = {"journal.jsonl": b"1\n2\ntorn\n", "finished/questions.jsonl": b"a\n"}
    assert mirrored(there, store, Mirror.look) == both
    assert mirrored(there, store, Mirror.complete) == both
    assert len(store.names(f"{NAME}/")) == 3


@pytest.mark.parametrize("comes_through", [False, True])
def test_part_that_was_refused_is_sealed_later_with_what_follows_it(
    segment: Segment, store: RefusingStore, tmp_path: Path, *, comes_through: bool
) -> None:
    sealer = Sealer(store, segment)
    write(segment, "journal.jsonl", b"1\n")
    store.is_refusing, store.comes_through = True, comes_through
    with pytest.raises(TransientError):
        sealer.seal()
    write(segment, "journal.jsonl", b"2\n")
    store.is_refusing = False

    sealer.seal()

    assert mirrored(tmp_path / "there", store, Mirror.complete) == {"journal.jsonl": b"1\n2\n"}


def test_what_is_large_goes_in_several_parts_and_what_it_refers_to_comes_before_it(
    segment: Segment, store: RefusingStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealers, "PART_BYTES", 4 * BLOCK_BYTES)
    lines = b"%s\n" % (b"x" * (sealers.PART_BYTES // 4))
    for _ in range(6):
        write(segment, "journal.jsonl", lines)
    write(segment, "questions.jsonl", b"q\n")
    write(segment, "finished/questions.jsonl", b"a\n")
    Sealer(store, segment).seal()
    parts = store.names(f"{NAME}/00001-0")

    store.remove(f"{NAME}/unknown/")
    (tmp_path / "store" / parts[-1]).unlink()
    without_last = mirrored(tmp_path / "there", store, Mirror.complete)

    assert len(parts) == 2
    assert "finished/questions.jsonl" not in without_last
    assert without_last["journal.jsonl"] == lines * 4


def test_another_goes_on_where_one_that_was_killed_has_not_sealed_all(
    segment: Segment, store: RefusingStore, tmp_path: Path
) -> None:
    write(segment, "journal.jsonl", b"1\n")
    Sealer(store, segment).seal()
    write(segment, "journal.jsonl", b"2\n")

    Sealer.after(store, segment).seal()

    assert mirrored(tmp_path / "there", store, Mirror.complete) == {"journal.jsonl": b"1\n2\n"}


def test_epochs_are_claimed_once_and_a_shard_that_is_gone_supersedes_too(
    segment: Segment, store: RefusingStore, tmp_path: Path
) -> None:
    epochs, other = StoreEpochs(store), shard_in(tmp_path / "other", store)
    mine = Segment(segment.folder, epochs)
    assert epochs.look(mine)
    assert not mine.is_superseded()

    second = other.take_over()  # it has nothing of the first here: it meets it there

    assert second.epoch == 2
    assert epochs.look(mine)
    assert mine.is_superseded()
    store.remove(f"{NAME}/")
    assert not epochs.look(mine)


def test_part_that_is_missing_between_others_is_told(
    segment: Segment, store: RefusingStore, tmp_path: Path
) -> None:
    sealer = Sealer(store, segment)
    for line in (b"1\n", b"2\n"):
        write(segment, "journal.jsonl", line)
        sealer.seal()
    (tmp_path / "store" / NAME / "00001-00000001").unlink()

    with pytest.raises(DamagedLogError, match=r"00001-00000001: .* it is missing, though later"):
        Mirror(store, shard_in(tmp_path / "there", store)).complete()


def test_files_of_the_engine_that_count_are_among_those_that_are_sealed(segment: Segment) -> None:
    own = RunFolder(segment.folder)

    for path in (own.journal_path, own.sends_path, own.rejected_path, *segment.paths[:2]):
        assert path.suffix in sealers.SEALED
    assert segment.paths.sends.suffix in sealers.SEALED
    assert segment.paths.stats.suffix not in sealers.SEALED
