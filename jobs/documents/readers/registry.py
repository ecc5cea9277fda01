"""Which file names are read as which format, and by which reader."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import PurePosixPath

from jobs.documents.readers.extract import Extract
from jobs.documents.readers.limits import ReadLimits

Reader = Callable[[bytes, ReadLimits], Extract]

GZIP_SUFFIX = ".gz"
FORMATS = {
    ".pdf": "pdf",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".md": "markdown",
    ".markdown": "markdown",
    ".rst": "rst",
    ".txt": "text",
    ".text": "text",
    ".epub": "epub",
    ".docx": "docx",
    ".pptx": "pptx",
    ".ipynb": "notebook",
    ".odt": "odt",
    ".rtf": "rtf",
    ".tex": "latex",
    ".latex": "latex",
    ".org": "org",
    ".adoc": "asciidoc",
    ".asciidoc": "asciidoc",
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
ROW_FORMATS = frozenset({"csv", "jsonl"})  # tables of texts: a column is named, a row is a section
_MODULES = {  # those that are not named like their format
    "html": "html.page",
    "markdown": "markup.markdown",
    "rst": "markup.rst",
    "notebook": "markup.notebook",
    "docx": "office.docx",
    "pptx": "office.pptx",
    "odt": "office.odt",
    **dict.fromkeys(("rtf", "latex", "org", "asciidoc"), "markup.pandoc"),
    **dict.fromkeys(ROW_FORMATS, "rows"),
}


def format_of(path: str) -> str | None:
    """The format that a file name stands for, `.gz` aside; None if it is unknown."""
    return FORMATS.get(PurePosixPath(_unzipped(path)).suffix.lower())


def stem_of(path: str) -> str:
    """The file name without its extensions."""
    return PurePosixPath(_unzipped(path)).stem


def reader_of(format_name: str, text_column: str = "") -> Reader:
    """The reader of a format; its module and library are imported now.

    `text_column` is what it reads of a table.
    """
    module = import_module(f"jobs.documents.readers.{_MODULES.get(format_name, format_name)}")
    reader: Callable[..., Extract] = getattr(module, f"read_{format_name}")
    return partial(reader, text_column=text_column) if format_name in ROW_FORMATS else reader


def _unzipped(path: str) -> str:
    return path[: -len(GZIP_SUFFIX)] if path.lower().endswith(GZIP_SUFFIX) else path
