import gzip
from pathlib import Path

import pytest

from jobs.documents.list_files import SourceFile, list_files
from jobs.documents.load_documents import load_document
from jobs.documents.readers.limits import UnreadableFileError
from schemas.documents import Document
from schemas.settings import DocumentSettings


def _load(path: Path, settings: DocumentSettings | None = None) -> Document:
    (source,) = list_files(path.parent)
    assert isinstance(source, SourceFile)
    return load_document(path, source, settings or DocumentSettings())


def test_a_document_describes_its_file(tmp_path: Path) -> None:
    path = tmp_path / "My notes.md"
    path.write_text("Some *text*.\n\n## A part\n\nMore.")

    document = _load(path)

    assert (document.title, document.format, document.word_count) == ("My notes", "markdown", 5)
    assert document.text == "Some text.\n\nA part\n\nMore."
    assert document.text[document.headings[0].start_char :].startswith("A part\n")


def test_gzip_is_unpacked_and_both_extensions_leave_the_title(tmp_path: Path) -> None:
    path = tmp_path / "guide.txt.gz"
    path.write_bytes(gzip.compress(b"one ") + gzip.compress(b"two"))

    document = _load(path)

    assert (document.title, document.format, document.text) == ("guide", "text", "one two")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (gzip.compress(b"text" * 1000, mtime=0)[:-9], "damaged"),
        (b"no gzip", "damaged"),
        (gzip.compress(bytes(2 * 1024 * 1024), mtime=0), "too_large"),
        (gzip.compress(b" \n ", mtime=0), "empty_text"),
        (gzip.compress(b"", mtime=0), "empty_text"),
    ],
)
def test_bad_gzip_files_have_their_reason(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "a.txt.gz"
    path.write_bytes(data)

    with pytest.raises(UnreadableFileError) as caught:
        _load(path, DocumentSettings(max_memory_mb_per_file=4))

    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("name", "data", "advice"),
    [
        ("a.html", b"<div id=root></div><script src=app.js></script>", "save it from a browser"),
        ("a.md", b"<!-- nothing -->", "holds no text"),
    ],
)
def test_a_file_without_text_says_what_may_be_the_reason(
    tmp_path: Path, name: str, data: bytes, advice: str
) -> None:
    (tmp_path / name).write_bytes(data)

    with pytest.raises(UnreadableFileError, match=advice) as caught:
        _load(tmp_path / name)

    assert caught.value.reason == "empty_text"
    assert "OCR" not in str(caught.value)


def test_a_text_beyond_its_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("é".encode() * 600_000)

    with pytest.raises(UnreadableFileError, match="larger than 1 MiB") as caught:
        _load(path, DocumentSettings(max_text_mb_per_file=1))

    assert caught.value.reason == "too_large"


def test_a_file_that_changed_since_it_was_listed_is_not_passed_off_as_it(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("before")
    (source,) = list_files(tmp_path)
    assert isinstance(source, SourceFile)
    path.write_text("after.")

    with pytest.raises(UnreadableFileError) as caught:
        load_document(path, source, DocumentSettings())

    assert caught.value.reason == "changed"


def test_a_file_that_vanished_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("here")
    (source,) = list_files(tmp_path)
    assert isinstance(source, SourceFile)
    path.unlink()

    with pytest.raises(UnreadableFileError, match="No such file") as caught:
        load_document(path, source, DocumentSettings())

    assert caught.value.reason == "unreadable"
