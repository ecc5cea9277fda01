"""A folder with everything that goes wrong: one clear line each, and the rest is read."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.dataset import Rejection
from schemas.documents import Document
from schemas.settings import DocumentSettings
from tests.integration.jobs.documents.reading_folders import read_folder, reasons, texts, worker_ids
from tests.unit.jobs.documents.readers.made_files import make_pdf, make_zip, prose_page

LIMITS = DocumentSettings(max_seconds_per_file=60, max_memory_mb_per_file=256)
SHORT = LIMITS.model_copy(update={"max_seconds_per_file": 1})
PROSE = "Many words stand on each page of this book, which has far too many pages. " * 20
PAGE_COUNT = 2_000  # of which a core reads some hundreds a second
NOBODY = 65534


@pytest.fixture(scope="module")
def hostile_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)  # for a user without rights, whom pytest's own folders shut out
        _fill(folder)
        yield folder


def _fill(folder: Path) -> None:
    book = make_pdf([prose_page("A whole page of a PDF.")])
    files = {
        "good.txt": b"Good text.",
        "good.pdf": book,
        "with spaces.md": b"Spaces.",
        "with\nnewline.txt": b"Newline.",
        "emoji 😀.html": b"<p>Emoji.</p>",
        "truncated.pdf": book[: len(book) // 2],
        "empty.txt": b"",
        "binary.txt": Path(sys.executable).resolve().read_bytes()[:100_000],
        "locked.pdf": make_pdf([prose_page("Not to be seen.")], password="secret"),
        "bomb.docx": make_zip({"word/document.xml": bytes(300_000_000)}),
        "greedy.html": b"<b>" * 5_000_000,
        "unknown.xyz": b"?",
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / os.fsdecode(b"undecodable\xff.txt")).write_bytes(b"Undecodable.")
    (folder / "secret.txt").write_bytes(b"Without permission.")
    (folder / "secret.txt").chmod(0)
    (folder / "loop").symlink_to(".")
    (folder / "ring.txt").symlink_to("ring.txt")


@pytest.fixture(scope="module")
def results(hostile_dir: Path) -> list[Document | Rejection]:
    """What became of each file: read once, as it takes long."""
    read = asyncio.run(read_folder(hostile_dir, LIMITS))
    assert worker_ids() == []
    return read


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> list[Document | Rejection]:
    """What became of a file that takes longer than it may, and of the one behind it."""
    folder = tmp_path_factory.mktemp("endless")
    (folder / "endless.pdf").write_bytes(make_pdf([prose_page(PROSE)] * PAGE_COUNT))
    (folder / "good.txt").write_bytes(b"Good text.")
    read = asyncio.run(read_folder(folder, SHORT, worker_count=1))
    assert worker_ids() == []
    return read


def test_each_bad_file_has_its_reason_and_the_others_are_read(
    results: list[Document | Rejection],
) -> None:
    found = reasons(results)
    found.pop("secret.txt", None)  # root may read it
    read = texts(results)
    read.pop("secret.txt", None)
    assert found == {
        "binary.txt": "binary_content",
        "bomb.docx": "too_large",
        "empty.txt": "empty_file",
        "greedy.html": "out_of_memory",
        "locked.pdf": "password_protected",
        "loop": "linked_folder",
        "ring.txt": "unreadable",
        "truncated.pdf": "damaged",
        "unknown.xyz": "unknown_type",
    }
    assert read == {
        "emoji 😀.html": "Emoji.",
        "good.pdf": "A whole page of a PDF.",
        "good.txt": "Good text.",
        r"undecodable\xff.txt": "Undecodable.",
        "with spaces.md": "Spaces.",
        r"with\x0anewline.txt": "Newline.",
    }


def test_file_that_takes_too_long_has_its_reason_and_the_next_one_is_read(
    endless: list[Document | Rejection],
) -> None:
    assert reasons(endless) == {"endless.pdf": "timeout"}
    assert texts(endless) == {"good.txt": "Good text."}


def test_each_bad_file_is_one_printable_line(
    results: list[Document | Rejection], endless: list[Document | Rejection]
) -> None:
    lines = [each.detail for each in (*results, *endless) if isinstance(each, Rejection)]
    assert len(lines) == len(set(lines))
    assert all(line.isprintable() and ": " in line for line in lines)


def test_a_file_without_read_permission_is_one_line(hostile_dir: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-c", _LIST_AS_NOBODY, str(hostile_dir), str(NOBODY)],
        capture_output=True,
        text=True,
        check=True,
    )

    assert process.stdout == "secret.txt: cannot be read (Permission denied); make it readable\n"


_LIST_AS_NOBODY = """
import os, sys
from pathlib import Path
from jobs.documents.list_files import list_files
from schemas.dataset import Rejection

list(list_files(Path(sys.argv[1])))  # all is imported that nobody may not read
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(int(sys.argv[2]))
    os.setuid(int(sys.argv[2]))
for found in list_files(Path(sys.argv[1])):
    if isinstance(found, Rejection) and found.detail.startswith("secret"):
        print(found.detail)
"""
