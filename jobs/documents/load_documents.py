"""Turns one file into one document. Runs in a worker process, because the file is not trusted."""

import gzip
import io
import zlib
from pathlib import Path

from jobs.documents.list_files import SourceFile, id_of
from jobs.documents.readers.clean_text import clean_line
from jobs.documents.readers.limits import ReadLimits, UnreadableFileError, damaged
from jobs.documents.readers.registry import GZIP_SUFFIX, format_of, reader_of, stem_of
from schemas.documents import Document
from schemas.settings import DocumentSettings

_NO_TEXT = {  # by format, what an empty text comes of
    "pdf": "holds no text; scanned pages need OCR first",
    "html": "holds no text; if a script fills the page, save it from a browser once it is shown",
}


def load_document(source_path: Path, source: SourceFile, settings: DocumentSettings) -> Document:
    """The document of the file at `source_path`, which `source` describes.

    Raises:
        UnreadableFileError: there is no document in it, or not one within the limits.
    """
    limits = ReadLimits.of(settings)
    format_name = format_of(source.path)
    assert format_name is not None
    data = _read_data(source_path, source, settings)
    extract = reader_of(format_name, settings.text_column)(data, limits)
    word_count = len(extract.text.split())
    if not word_count:
        raise UnreadableFileError("empty_text", _NO_TEXT.get(format_name, "holds no text"))
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


def _read_data(source_path: Path, source: SourceFile, settings: DocumentSettings) -> bytes:
    limits = ReadLimits.of(settings)
    limits.check_data(source.size_bytes, "the file")
    try:
        with source_path.open("rb") as file:
            data = file.read(source.size_bytes + 1)
    except OSError as error:
        raise UnreadableFileError(
            "unreadable", f"cannot be read ({error.strerror}); make it readable"
        ) from error
    if id_of(data, source.path, settings.text_column) != source.document_id:
        raise UnreadableFileError("changed", "changed while it was read; run again")
    return _unzip(data, limits) if source.path.lower().endswith(GZIP_SUFFIX) else data


def _unzip(data: bytes, limits: ReadLimits) -> bytes:
    try:
        with gzip.open(io.BytesIO(data)) as file:
            unzipped = file.read(limits.max_data_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise damaged(f"gzip cannot unpack it ({error})") from error
    limits.check_data(len(unzipped), "the unpacked file")
    return unzipped
