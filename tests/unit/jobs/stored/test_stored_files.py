"""What files have gained is found, whatever was done to them meanwhile."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from jobs.stored import stored_files
from jobs.stored.parts import FileChange
from jobs.stored.places import RunPlace
from jobs.stored.stored_files import StoredFiles
from tests.unit.jobs.stored.stored_folder import append, make_folder


class Following:
    """A folder, and what is found of it in one look after the other."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.files = StoredFiles(RunPlace(folder), {})
        self.objects: list[bytes] = []
        self.on_put: Callable[[], None] = lambda: None

    def look(self, *, is_last: bool = False) -> dict[str, tuple[str, bytes]]:
        """What each changed file is based on, and what follows that."""
        found = self.files.read_changes(self._put, is_last=is_last)
        if found is None:
            return {}
        self.files.note_stored(found)
        inline = iter(found.inline)
        return {each.name: (each.base, self._data(each, inline)) for each in found.changes}

    def again(self) -> "Following":
        """As the next command has it."""
        other = Following(self.folder)
        other.files = StoredFiles(RunPlace(self.folder), self.files.states)
        return other

    def _put(self, data: bytes) -> str:
        self.on_put()
        self.objects.append(data)
        return str(len(self.objects) - 1)

    def _data(self, change: FileChange, inline: Iterator[bytes]) -> bytes:
        return b"".join(
            self.objects[int(each.object_name)] if each.object_name else next(inline)
            for each in change.extents
        )


@pytest.fixture
def following(tmp_path: Path) -> Following:
    return Following(make_folder(tmp_path / "run"))


def test_all_is_found_at_first_then_whole_lines_that_were_added(following: Following) -> None:
    journal = following.folder.journal_path

    at_first = following.look()
    append(journal, b'{"request_id":"b"}\n{"requ')
    then = following.look()
    append(journal, b'est_id":"c"}\n')
    last = following.look()

    assert at_first == {
        "config.toml": ("empty", b"[run]\n"),
        "journal.jsonl": ("empty", b'{"request_id":"a"}\n'),
    }
    assert then == {"journal.jsonl": ("kept", b'{"request_id":"b"}\n')}
    assert last == {"journal.jsonl": ("kept", b'{"request_id":"c"}\n')}
    assert following.look() == {}


def shrink(path: Path) -> None:
    os.truncate(path, 0)


def replace(path: Path) -> None:
    replace_file(path, [b'{"request_id":"other"}', b'{"request_id":"more"}'])


def make_again(path: Path) -> None:
    path.unlink()
    path.write_bytes(b'{"request_id":"other"}\n{"request_id":"more"}\n')


def grow_from_a_replacement(path: Path) -> None:
    replace_file(path, [path.read_bytes().rstrip(b"\n"), b'{"request_id":"more"}'])


@pytest.mark.parametrize("is_same_process", [True, False])
@pytest.mark.parametrize(
    ("change", "base"),
    [
        (shrink, "empty"),
        (replace, "empty"),
        (make_again, "empty"),
        (grow_from_a_replacement, "kept"),
    ],
)
def test_file_that_did_not_only_grow_is_found_out(
    change: Callable[[Path], None], base: str, is_same_process: bool, following: Following
) -> None:
    path = following.folder.journal_path
    before = path.read_bytes()
    following.look()

    change(path)
    found = (following if is_same_process else following.again()).look()

    data = path.read_bytes()
    assert found == {"journal.jsonl": (base, data.removeprefix(before) if base == "kept" else data)}


def test_file_that_is_gone_is_told(following: Following) -> None:
    following.look()

    following.folder.journal_path.unlink()

    assert following.look() == {"journal.jsonl": ("gone", b"")}
    assert following.look() == {}


def test_large_growth_goes_into_objects(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_files, "INLINE_BYTES", 100)
    monkeypatch.setattr(stored_files, "OBJECT_BYTES", 64)
    following.look()
    data = b"0123456789\n" * 20
    append(following.folder.journal_path, data)

    found = following.look()

    assert found == {"journal.jsonl": ("kept", data)}
    assert [len(each) for each in following.objects] == [64, 64, 64, 28]


def test_locks_shards_and_what_is_not_whole_are_not_stored(following: Following) -> None:
    for name in ("lock", "store.json", "store.lock", "questions.jsonl.new", "shards/a/b.jsonl"):
        append(following.folder.run_dir / name, b"{}\n")
    append(following.folder.run_dir / "student" / "job" / "checkpoint.safetensors", b"x")
    append(following.folder.run_dir / "repeats" / "shards" / "a" / "b.jsonl", b"{}\n")

    assert following.look(is_last=True).keys() == {"config.toml", "journal.jsonl"}


def test_counters_and_the_student_do_not_make_a_part_of_their_own(following: Following) -> None:
    folder = following.folder
    following.look()
    append(folder.stats_path, b"{}\n")
    append(folder.run_dir / "student" / "job" / "trained.safetensors", b"x")

    alone = following.look()
    append(folder.journal_path, b"{}\n")
    beside = following.look()
    at_the_end = following.look(is_last=True)

    assert alone == {}
    assert beside.keys() == {"journal.jsonl", "stats.jsonl"}
    assert at_the_end.keys() == {"student/job/trained.safetensors"}


def test_what_refers_to_others_is_looked_at_before_them(following: Following) -> None:
    folder = following.folder
    append(folder.finished_path("questions"), b"{}\n")
    append(folder.results_path("questions"), b"{}\n")

    found = list(following.look())

    names = [name for name in found if name != "config.toml"]
    assert names == ["finished/questions.jsonl", "questions.jsonl", "journal.jsonl"]


def test_lines_that_come_after_the_look_are_left_to_the_next(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_files, "INLINE_BYTES", 0)
    finished = following.folder.finished_path("questions")
    append(finished, b"first\n")
    following.on_put = lambda: append(finished, b"late\n")

    at_first = following.look()
    following.on_put = lambda: None
    then = following.look()

    assert at_first["finished/questions.jsonl"] == ("empty", b"first\n")
    assert then == {"finished/questions.jsonl": ("kept", b"late\n" * 3)}
