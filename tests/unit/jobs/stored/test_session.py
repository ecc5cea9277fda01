"""What a command writes is sealed, by one folder at a time, and nothing twice."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import DamagedLogError, RunInUseError, TransientError
from engine.run_folder import RunFolder
from jobs.stored import part_log
from jobs.stored.note import read_store_note
from jobs.stored.part_log import PartLog
from jobs.stored.parts import PartNote
from tests.unit.jobs.send.sharded.outside.test_sealer import RefusingStore
from tests.unit.jobs.stored.stored_folder import FEW_TOGETHER, append, begin, make_folder


@pytest.fixture
def store(tmp_path: Path) -> RefusingStore:
    (tmp_path / "store").mkdir()
    return RefusingStore(tmp_path / "store")


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return make_folder(tmp_path / "run")


def notes(store: RefusingStore) -> list[PartNote]:
    return [part.note for _, part in PartLog(store).parts()]


def stored_lines(store: RefusingStore) -> bytes:
    """What all parts hold of the journal."""
    found = b""
    for _, part in PartLog(store).parts():
        for change, extents in part.changed():
            if change.name == "journal.jsonl":
                found += b"".join(each.data or b"" for each in extents)
    return found


def test_session_begins_seals_what_is_new_and_ends(folder: RunFolder, store: RefusingStore) -> None:
    session = begin(folder, store)
    append(folder.journal_path, b'{"request_id":"b"}\n')
    session.seal(0.5)
    session.seal(0.4)
    session.close()

    first, second, last = notes(store)
    assert (first.begins, first.is_after_close, first.lent_usd) == (True, True, 0.0)
    assert (second.begins, second.lent_usd) == (False, 0.5)
    assert (last.is_closed, last.lent_usd) == (True, None)
    assert stored_lines(store) == folder.journal_path.read_bytes()


def test_more_is_lent_only_once_the_store_knows(folder: RunFolder, store: RefusingStore) -> None:
    session = begin(folder, store)

    session.seal(0.5)
    session.seal(0.5)
    session.seal(0.6)
    session.seal(None)
    session.seal(None)

    assert [note.lent_usd for note in notes(store)] == [0.0, 0.5, 0.6, None]


@pytest.mark.parametrize("comes_through", [False, True])
def test_part_that_was_not_taken_is_sealed_later_as_it_was(
    comes_through: bool, folder: RunFolder, store: RefusingStore
) -> None:
    session = begin(folder, store)
    store.is_refusing, store.comes_through = True, comes_through
    append(folder.journal_path, b'{"request_id":"b"}\n')
    for _ in range(2):
        with pytest.raises(TransientError):
            session.seal(0.5)
    store.is_refusing = False
    append(folder.journal_path, b'{"request_id":"c"}\n')

    session.seal(0.7)

    assert stored_lines(store) == folder.journal_path.read_bytes()
    assert [note.lent_usd for note in notes(store)] == [0.0, 0.5, 0.7]


def test_session_that_leaves_what_workers_wrote_does_not_say_that_all_is_told(
    folder: RunFolder, store: RefusingStore
) -> None:
    session = begin(folder, store)
    session.seal(0.5)
    append(folder.shards_dir / "call" / "leases.jsonl", b"{}\n")

    session.close()
    folder.shards_dir.rename(folder.run_dir.with_name("taken-in"))
    begin(folder, store).close()

    *_, left, begun, last = notes(store)
    assert (left.is_closed, left.lent_usd) == (False, 0.5)
    assert (begun.is_after_close, begun.lent_usd) == (False, 0.5)
    assert last.is_closed


@pytest.mark.parametrize("note_is_late", [False, True])
def test_killed_command_is_gone_on_with_in_its_folder_and_nothing_is_sealed_twice(
    note_is_late: bool, folder: RunFolder, store: RefusingStore
) -> None:
    session = begin(folder, store)
    former = (folder.run_dir / "store.json").read_bytes()
    append(folder.journal_path, b'{"request_id":"b"}\n')
    session.seal(0.5)
    if note_is_late:
        (folder.run_dir / "store.json").write_bytes(former)
    append(folder.journal_path, b'{"request_id":"c"}\n')

    begin(folder, store).close()

    assert stored_lines(store) == folder.journal_path.read_bytes()
    begun = notes(store)[2]
    assert (begun.begins, begun.is_after_close, begun.lent_usd) == (True, False, 0.5)


def test_folder_without_its_own_note_is_known_as_another(
    folder: RunFolder, store: RefusingStore, tmp_path: Path
) -> None:
    begin(folder, store).close()
    other = make_folder(tmp_path / "other")

    with pytest.raises(RunInUseError, match="goes on with this run, which is kept at file:///a-"):
        begin(other, store, writer="second")

    assert len(notes(store)) == 2


@pytest.mark.parametrize("is_idle", [False, True])
def test_copy_of_the_folder_stops_the_one_that_began_before(
    is_idle: bool, folder: RunFolder, store: RefusingStore, tmp_path: Path
) -> None:
    first = begin(folder, store)
    shutil.copytree(folder.run_dir, tmp_path / "copy")
    second = begin(RunFolder(tmp_path / "copy"), store)
    if not is_idle:
        append(folder.journal_path, b'{"request_id":"b"}\n')

    with pytest.raises(RunInUseError, match="goes on with this run"):
        first.seal(0.0)
    with pytest.raises(RunInUseError, match="goes on with this run"):
        first.seal(0.5)

    assert first.is_superseded
    second.close()


def test_session_that_slept_while_others_merged_their_parts_is_stopped(
    folder: RunFolder, store: RefusingStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part_log, "FAN_IN", FEW_TOGETHER)
    first = begin(folder, store)
    shutil.copytree(folder.run_dir, tmp_path / "copy")
    other = RunFolder(tmp_path / "copy")
    second = begin(other, store)
    for number in range(3 * FEW_TOGETHER):
        append(other.journal_path, b'{"request_id":"%d"}\n' % number)
        second.seal(0.0)

    append(folder.journal_path, b'{"request_id":"b"}\n')
    with pytest.raises(RunInUseError):
        first.seal(0.0)

    assert stored_lines(store) == other.journal_path.read_bytes()


def test_session_may_begin_with_any_number(
    folder: RunFolder, store: RefusingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part_log, "FAN_IN", FEW_TOGETHER)
    for _ in range(FEW_TOGETHER):
        begin(folder, store).close()
        session = begin(folder, store)
        session.seal(0.5)
        session.close()

    assert PartLog(store).last() == 5 * FEW_TOGETHER
    assert stored_lines(store) == folder.journal_path.read_bytes()


def test_objects_of_a_part_that_was_never_written_are_removed(
    folder: RunFolder, store: RefusingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.stored.stored_files.INLINE_BYTES", 4)
    session = begin(folder, store)
    put = store.put_new

    def refuse_parts(name: str, data: bytes) -> bool:
        if name.startswith("objects/") and b"second" in data:
            raise TransientError("away", code="store_away")
        return put(name, data)

    append(folder.journal_path, b"the first\n")
    append(folder.sends_path, b"the second\n")
    monkeypatch.setattr(store, "put_new", refuse_parts)
    with pytest.raises(TransientError):
        session.seal(0.0)
    monkeypatch.setattr(store, "put_new", put)
    session.seal(0.0)

    used = {e.object_name for note in notes(store) for c in note.changes for e in c.extents}
    assert set(store.names("objects/")) == used - {""}


def empty(store: RefusingStore) -> None:
    store.remove("parts/")


def damage_note(store: RefusingStore) -> None:
    """Nothing is done to the store."""


@pytest.mark.parametrize(
    ("damage", "note", "words"),
    [
        (empty, None, "nothing of this run is there"),
        (damage_note, b"{}", "not what distill writes"),
    ],
)
def test_what_is_lost_or_damaged_is_told(
    damage: Callable[[RefusingStore], None],
    note: bytes | None,
    words: str,
    folder: RunFolder,
    store: RefusingStore,
) -> None:
    begin(folder, store).close()
    damage(store)
    if note is not None:
        (folder.run_dir / "store.json").write_bytes(note)

    with pytest.raises(DamagedLogError, match=words):
        begin(folder, store)


def test_folder_without_a_store_has_no_note(folder: RunFolder) -> None:
    assert read_store_note(folder.store_path) is None
