"""Turns one file into one document. Runs in a worker process, because the file is not trusted."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from jobs.documents.list_files import SourceFile, digest_of, id_of
from jobs.documents.readers.clean_text import clean_line
from jobs.documents.readers.decode import as_utf8
from jobs.documents.readers.extract import Extract
from jobs.documents.readers.limits import ReadLimits, UnreadableFileError, damaged
from jobs.documents.readers.registry import (
    GZIP_SUFFIX,
    PLAIN_FORMATS,
    ROW_FORMATS,
    format_of,
    reader_of,
    stem_of,
    table_reader_of,
)
from schemas.documents import Document
from schemas.settings import DocumentSettings

_NO_TEXT = {  # by format, what an empty text comes of
    "pdf": "holds no text; scanned pages need OCR first",
    "html": "holds no text; if a script fills the page, save it from a browser once it is shown",
}
_GZIP_ERRORS = (gzip.BadGzipFile, EOFError, zlib.error)


def load_document(source_path: Path, source: SourceFile, settings: DocumentSettings) -> Document:
    """The document of the file at `source_path`, which `source` describes.

    Raises:
        UnreadableFileError: there is no document in it, or not one within the limits.
    """
    format_name = format_of(source.path)
    assert format_name is not None
    read = _read_table if format_name in ROW_FORMATS else _read_file
    extract = read(source_path, source, settings, format_name)
    word_count = sum(len(line.split()) for line in extract.text.splitlines())
    if not word_count:
        why = _NO_TEXT.get(format_name, "holds no text")
        raise UnreadableFileError("empty_text", "; ".join([why, *extract.notes]))
    return Document(
        document_id=source.document_id,
        path=source.path,
        format=format_name,
        size_bytes=source.size_bytes,
        title=clean_line(extract.title) or clean_line(stem_of(source.path)),
        word_count=word_count,
        page_starts=extract.page_starts,
        headings=extract.headings,
        notes=extract.notes,
        text=extract.text,
    )


def _read_file(
    source_path: Path, source: SourceFile, settings: DocumentSettings, format_name: str
) -> Extract:
    limits = ReadLimits.of(settings)
    limits.check_data(source.size_bytes, "the file")
    with _what_is_unreadable(), source_path.open("rb") as file:
        data = file.read(source.size_bytes + 1)
    _check_unchanged(io.BytesIO(data), source, settings)
    if _is_zipped(source):
        data = _unzip(data, limits)
    if settings.encoding and format_name in PLAIN_FORMATS:
        data = as_utf8(data, settings.encoding, may_declare=format_name == "html")
    return reader_of(format_name)(data, limits)


def _read_table(
    source_path: Path, source: SourceFile, settings: DocumentSettings, format_name: str
) -> Extract:
    """A table is read as a stream, however large it is, and then looked at again for changes."""
    read = table_reader_of(format_name, settings.text_column, settings.encoding)
    with _what_is_unreadable():
        with gzip.open(source_path) if _is_zipped(source) else source_path.open("rb") as file:
            try:
                extract = read(cast("BinaryIO", file), ReadLimits.of(settings))
            except _GZIP_ERRORS as error:
                raise _no_gzip(error) from error
        with source_path.open("rb") as again:
            _check_unchanged(again, source, settings)
    return extract


@contextmanager
def _what_is_unreadable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnreadableFileError(
            "unreadable", f"cannot be read ({error.strerror}); make it readable"
        ) from error


def _check_unchanged(file: BinaryIO, source: SourceFile, settings: DocumentSettings) -> None:
    digest = digest_of(file).hexadecimal
    if id_of(digest, source.path, settings.text_column) != source.document_id:
        raise UnreadableFileError("changed", "changed while it was read; run again")


def _is_zipped(source: SourceFile) -> bool:
    return source.path.lower().endswith(GZIP_SUFFIX)


def _unzip(data: bytes, limits: ReadLimits) -> bytes:
    try:
        with gzip.open(io.BytesIO(data)) as file:
            unzipped = file.read(limits.max_data_bytes + 1)
    except _GZIP_ERRORS as error:
        raise _no_gzip(error) from error
    limits.check_data(len(unzipped), "the unpacked file")
    return unzipped


def _no_gzip(error: Exception) -> UnreadableFileError:
    return damaged(f"gzip cannot unpack it ({error})")
