"""Which file names are read as which format, and by which reader."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import PurePosixPath
from typing import BinaryIO

from jobs.documents.readers.extract import Extract
from jobs.documents.readers.limits import ReadLimits

Reader = Callable[[bytes, ReadLimits], Extract]
TableReader = Callable[[BinaryIO, ReadLimits], Extract]

GZIP_SUFFIX = ".gz"
FORMATS = {
    ".pdf": "pdf",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".md": "markdown",
    ".markdown": "markdown",
    ".mdown": "markdown",
    ".mkd": "markdown",
    ".mdx": "markdown",
    ".qmd": "markdown",
    ".rmd": "markdown",
    ".rst": "rst",
    ".txt": "text",
    ".text": "text",
    ".epub": "epub",
    ".docx": "docx",
    ".docm": "docx",
    ".pptx": "pptx",
    ".pptm": "pptx",
    ".ppsx": "pptx",
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
PLAIN_FORMATS = frozenset(  # whose bytes are text, in an encoding that they may not tell
    {"text", "markdown", "rst", "html", "latex", "org", "asciidoc"}
)
ROW_FORMATS = frozenset({"csv", "jsonl"})  # tables of texts: a column is named, a row is a section
_MODULES = {  # those that are not named like their format
    "html": "html.page",
    "markdown": "markup.markdown.page",
    "rst": "markup.rst.page",
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


def reader_of(format_name: str) -> Reader:
    """The reader of a format that is no table; its module and library are imported now."""
    reader: Reader = _function_of(format_name)
    return reader


def table_reader_of(format_name: str, text_column: str, encoding: str = "") -> TableReader:
    """What reads one column of a table, from a file that it closes.

    `encoding` is the codec of what is no UTF-8 and does not say so; empty: it is guessed.
    """
    function = _function_of(format_name)
    return partial(function, text_column=text_column, encoding=encoding)


def _function_of(format_name: str) -> Callable[..., Extract]:
    module = import_module(f"jobs.documents.readers.{_MODULES.get(format_name, format_name)}")
    function: Callable[..., Extract] = getattr(module, f"read_{format_name}")
    return function


def _unzipped(path: str) -> str:
    return path[: -len(GZIP_SUFFIX)] if path.lower().endswith(GZIP_SUFFIX) else path
