"""Parts follow each other without a gap, are few, and no number is given to two."""

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import DamagedLogError, TransientError
from jobs.send.sharded.outside.stores import FolderStore
from jobs.stored import part_log
from jobs.stored.part_log import FAN_IN, PartLog, PartName, merge_if_possible, read_through
from jobs.stored.parts import Extent, FileChange, Part, PartNote
from tests.unit.jobs.stored.stored_folder import FEW_TOGETHER

DAY_OF_PARTS = 68  # more than FEW_TOGETHER ** 3


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def numbered(number: int, *, begins: bool = False, is_after_close: bool = False) -> Part:
    data = b"%d\n" % number
    change = FileChange(name="journal.jsonl", base="kept", extents=(Extent(size_bytes=len(data)),))
    note = PartNote(
        writer="w",
        session="s",
        holder="h",
        at=str(number),
        begins=begins,
        is_after_close=is_after_close,
        changes=(change,),
    )
    return Part(note, [data])


def written(log: PartLog) -> bytes:
    """What the parts make of the one file."""
    return b"".join(data for _, part in log.parts() for data in part.inline)


def lines(count: int) -> bytes:
    return b"".join(b"%d\n" % number for number in range(1, count + 1))


def test_parts_of_a_day_are_merged_into_few_and_say_the_same(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part_log, "FAN_IN", FEW_TOGETHER)
    log = PartLog(store)

    for number in range(1, DAY_OF_PARTS + 1):
        assert log.put(number, numbered(number))
        log.merge_ending(number)

    assert written(log) == lines(DAY_OF_PARTS)
    assert log.last() == DAY_OF_PARTS
    assert [str(name) for name in log.names()] == ["parts/00000001-3", "parts/00000065-1"]
    assert [part.note.at for _, part in log.parts(after=DAY_OF_PARTS - 1)] == [str(DAY_OF_PARTS)]


def test_large_parts_are_left_as_they_are(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part_log, "MERGED_BYTES", 100)
    log = PartLog(store)

    for number in range(1, FAN_IN + 1):
        log.put(number, numbered(number))
    log.merge_ending(FAN_IN)

    assert len(log.names()) == FAN_IN


@pytest.mark.parametrize("removed_count", range(FEW_TOGETHER + 1))
def test_merge_that_was_cut_off_is_ended_by_the_next_session(
    removed_count: int, store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part_log, "FAN_IN", FEW_TOGETHER)
    log = PartLog(store)
    for number in range(1, FEW_TOGETHER + 1):
        log.put(number, numbered(number))
    former = {str(name): store.get(str(name)) for name in log.names()}
    log.merge_ending(FEW_TOGETHER)
    for name, data in list(former.items())[removed_count:]:
        assert data is not None
        store.put_new(name, data)

    before = written(PartLog(store))
    PartLog(store).tidy()

    assert before == written(log) == lines(FEW_TOGETHER)
    assert log.names() == [PartName(1, 1)]


def test_crash_before_a_merge_leaves_it_to_the_next_session(store: FolderStore) -> None:
    log = PartLog(store)
    for number in range(1, FAN_IN + 2):
        log.put(number, numbered(number))

    log.tidy()

    assert log.names() == [PartName(1, 1), PartName(FAN_IN + 1)]
    assert written(log) == lines(FAN_IN + 1)


@pytest.mark.parametrize(("is_after_close", "is_taken"), [(False, True), (True, False)])
def test_number_that_a_former_session_would_write_next_stays_taken(
    is_after_close: bool, is_taken: bool, store: FolderStore
) -> None:
    log = PartLog(store)
    for number in range(1, FAN_IN + 1):
        begins = number == 3
        log.put(number, numbered(number, begins=begins, is_after_close=is_after_close))

    log.merge_ending(FAN_IN)
    log.tidy()

    assert written(log) == lines(FAN_IN)
    assert log.has(3) == is_taken
    assert PartLog(store).put(3, numbered(77)) != is_taken


def test_parts_that_are_merged_while_they_are_read_are_read_from_the_beginning(
    store: FolderStore,
) -> None:
    log, reading = PartLog(store), PartLog(store)
    for number in range(1, FAN_IN + 1):
        log.put(number, numbered(number))

    def read() -> bytes:
        found = list[bytes]()
        for name, part in reading.parts():
            found += part.inline
            if name == PartName(1):
                log.merge_ending(FAN_IN)
        return b"".join(found)

    assert read_through(read) == lines(FAN_IN)


def test_number_that_was_free_because_its_part_is_merged_is_not_the_last(
    store: FolderStore,
) -> None:
    log = PartLog(store)
    for number in range(1, FAN_IN + 1):
        log.put(number, numbered(number))
    is_last = log.is_last(FAN_IN)
    log.merge_ending(FAN_IN)

    is_written = log.put(FAN_IN, numbered(77))

    assert is_last
    assert is_written
    assert not log.is_last(FAN_IN)
    assert written(log) == lines(FAN_IN)


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_text("x")])
def test_missing_or_damaged_part_is_told_by_its_name(
    damage: Callable[[Path], None], store: FolderStore, tmp_path: Path
) -> None:
    log = PartLog(store)
    for number in (1, 2, 3):
        log.put(number, numbered(number))
    damage(tmp_path / "parts" / "00000002-0")

    with pytest.raises(DamagedLogError, match="parts/00000002-0"):
        list(log.parts())


class UnmergingStore(FolderStore):
    """Takes parts, and gives none back."""

    def get(self, name: str) -> bytes | None:
        raise TransientError("away", code="store_away")


def test_merge_that_the_store_does_not_allow_now_does_no_harm(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = PartLog(UnmergingStore(tmp_path))
    for number in range(1, FAN_IN + 1):
        log.put(number, numbered(number))

    merge_if_possible(log, FAN_IN)

    assert "cannot be merged" in caplog.text
    assert written(PartLog(FolderStore(tmp_path))) == lines(FAN_IN)
