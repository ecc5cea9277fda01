import gzip
from pathlib import Path

import pytest
from pydantic import ValidationError

from jobs.documents.list_files import SourceFile, list_files
from jobs.documents.load_documents import load_document
from jobs.documents.readers.limits import UnreadableFileError
from schemas.documents import Document
from schemas.settings import DocumentSettings
from tests.rows import each_row


def _load(path: Path, settings: DocumentSettings | None = None) -> Document:
    settings = settings or DocumentSettings()
    (source,) = list_files(path.parent, text_column=settings.text_column)
    assert isinstance(source, SourceFile)
    return load_document(path, source, settings)


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


@each_row(
    "data, reason",
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


@each_row(
    "name, data, advice",
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


@each_row(
    "name, text, encoding, read",
    [
        ("a.txt", "Le café coûte 3 ¥ à l’île.", "mac_roman", "Le café coûte 3 ¥ à l’île."),
        ("a.md", "# Maß\n\n¼ Öl ▓", "cp437", "Maß\n\n¼ Öl ▓"),
        ("a.html", "<p>déjà vu", "mac_roman", "déjà vu"),
        ("a.csv", "body\ndéjà vu\n", "mac_roman", "déjà vu"),
    ],
)
def test_an_encoding_that_is_set_is_that_of_what_is_no_utf8(
    tmp_path: Path, name: str, text: str, encoding: str, read: str
) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    settings = DocumentSettings(encoding=encoding, text_column="body" * name.endswith(".csv"))

    assert _load(path, settings).text == read


@each_row("limit", ["max_seconds_per_file", "max_memory_mb_per_file", "max_text_mb_per_file"])
def test_a_limit_that_no_system_can_set_is_refused_before_a_file_is_blamed(limit: str) -> None:
    with pytest.raises(ValidationError, match="less than or equal to"):
        DocumentSettings.model_validate({limit: 10**17})


@each_row("encoding", ["utf-7", "unicode_escape", "hex", "latin-99"])
def test_an_encoding_that_is_none_of_text_or_writes_half_characters_is_refused(
    encoding: str,
) -> None:
    with pytest.raises(ValidationError, match="expected the name of an encoding, such as"):
        DocumentSettings(encoding=encoding)


@each_row(
    "name, data",
    [
        ("a.txt", "déjà vu".encode()),
        ("a.txt", "déjà vu".encode("utf-16")),
        ("a.html", "<meta charset=windows-1252><p>déjà vu".encode("cp1252")),
        ("a.html", "<p>déjà vu".encode()),
        ("a.csv", "body\ndéjà vu".encode()),
    ],
)
def test_an_encoding_that_is_set_changes_nothing_of_what_says_its_own(
    tmp_path: Path, name: str, data: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    settings = DocumentSettings(encoding="cp437", text_column="body" * name.endswith(".csv"))

    assert _load(path, settings).text == "déjà vu"


def test_a_table_larger_than_other_files_may_be_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("body,other\n" + f"text,{'x' * 1000}\n" * 2_000)

    document = _load(path, DocumentSettings(text_column="body", max_memory_mb_per_file=4))

    assert document.word_count == 2_000


@each_row("cut", [9, 200])
def test_a_gzipped_table_that_is_cut_off_is_damaged(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "a.csv.gz"
    rows = "".join(f"{number},{number * 7919}\n" for number in range(1000))
    path.write_bytes(gzip.compress(f"body,other\n{rows}".encode(), mtime=0)[:-cut])

    with pytest.raises(UnreadableFileError) as caught:
        _load(path, DocumentSettings(text_column="body"))

    assert caught.value.reason == "damaged"
