import os
from pathlib import Path

import pytest

from engine.errors import ConfigError
from jobs.documents.list_files import SourceFile, list_files, original, printable
from schemas.dataset import Rejection
from tests.rows import each_row


def _paths(folder: Path) -> list[str]:
    return [found.path for found in list_files(folder) if isinstance(found, SourceFile)]


def _reasons(folder: Path) -> dict[str, str]:
    """The reason of each rejection by its whole line."""
    return {
        found.detail: found.reason for found in list_files(folder) if isinstance(found, Rejection)
    }


def _write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"the text of {name}")


def test_files_are_listed_in_the_order_of_their_paths(tmp_path: Path) -> None:
    names = ["a.txt", "a/b.txt", "a-b.txt", "B.txt", "a/a/c.txt", "é.txt"]
    _write(tmp_path, *names)

    paths = _paths(tmp_path)

    assert paths == sorted(names, key=str.encode)


def test_the_id_is_the_content_and_not_the_name(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    (tmp_path / "one/x.txt").write_bytes(b"same")
    (tmp_path / "two/y.txt").write_bytes(b"same")

    (one,) = list_files(tmp_path / "one")
    (two,) = list_files(tmp_path / "two")

    assert isinstance(one, SourceFile)
    assert isinstance(two, SourceFile)
    assert one.document_id == two.document_id
    assert (one.path, one.size_bytes) == ("x.txt", 4)


def test_hidden_files_and_folders_are_passed_over(tmp_path: Path) -> None:
    _write(tmp_path, ".hidden.txt", ".git/x.txt", "seen.txt")

    found = list(list_files(tmp_path))

    assert len(found) == 1
    assert _paths(tmp_path) == ["seen.txt"]


def test_a_second_file_with_the_same_bytes_names_the_first(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"same")
    (tmp_path / "b.md").write_bytes(b"same")

    reasons = _reasons(tmp_path)

    assert _paths(tmp_path) == ["a.txt"]
    assert reasons == {"b.md: has the same bytes as a.txt": "identical"}


def test_unknown_and_empty_files_are_one_line_each(tmp_path: Path) -> None:
    _write(tmp_path, "photo.jpg", "archive.tar.gz", "no_extension")
    (tmp_path / "empty.txt").touch()

    reasons = _reasons(tmp_path)

    assert sorted(reasons.values()) == [
        "empty_file",
        "unknown_type",
        "unknown_type",
        "unknown_type",
    ]
    assert [line.partition(":")[0] for line in reasons] == [
        "archive.tar.gz",
        "empty.txt",
        "no_extension",
        "photo.jpg",
    ]


def test_gzipped_and_upper_case_names_are_known(tmp_path: Path) -> None:
    _write(tmp_path, "a.TXT", "b.html.gz", "c.PDF.GZ")

    assert _paths(tmp_path) == ["a.TXT", "b.html.gz", "c.PDF.GZ"]


def test_links_are_followed_to_files_inside_and_nowhere_else(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    _write(folder, "real/a.txt")
    _write(tmp_path, "secret.txt")
    (folder / "link.txt").symlink_to("real/a.txt")
    (folder / "loop").symlink_to(".")
    (folder / "self.txt").symlink_to("self.txt")
    (folder / "gone.txt").symlink_to("nothing.txt")
    (folder / "out.txt").symlink_to(tmp_path / "secret.txt")

    reasons = {line.partition(":")[0]: reason for line, reason in _reasons(folder).items()}

    assert _paths(folder) == ["link.txt"]
    assert reasons == {
        "gone.txt": "unreadable",
        "loop": "linked_folder",
        "out.txt": "outside_folder",
        "real/a.txt": "identical",
        "self.txt": "unreadable",
    }


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")

    assert _reasons(tmp_path) == {"pipe.txt: is not a regular file; remove it": "unreadable"}


def test_every_rejection_is_one_printable_line(tmp_path: Path) -> None:
    name = b"two\nlines \x1b[31m\xff.txt"
    (tmp_path / os.fsdecode(name)).touch()

    (rejection,) = list_files(tmp_path)

    assert isinstance(rejection, Rejection)
    assert rejection.detail == r"two\x0alines \x1b[31m\xff.txt: is empty (0 bytes)"
    assert rejection.stage == "documents"


@each_row(
    "name", [b"plain.txt", b"a b.txt", "😀 é.txt".encode(), b"\xff\n\\x41\\.txt", b"\xe2\x80\xae"]
)
def test_a_printable_path_leads_back_to_its_file(name: bytes) -> None:
    shown = printable(os.fsdecode(name))

    assert shown.isprintable()
    assert os.fsencode(original(shown)) == name


def test_names_that_can_be_shown_stay_as_they_are() -> None:
    assert printable("a folder/😀 é.txt") == "a folder/😀 é.txt"


def test_a_missing_folder_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere: No such file or directory; give a folder"):
        list(list_files(tmp_path / "nowhere"))


def test_a_file_instead_of_a_folder_is_a_clear_error(tmp_path: Path) -> None:
    _write(tmp_path, "a.txt")

    with pytest.raises(ConfigError, match=r"a\.txt: Not a directory; give a folder"):
        list(list_files(tmp_path / "a.txt"))
