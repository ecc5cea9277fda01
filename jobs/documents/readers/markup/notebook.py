"""Reads Jupyter notebooks: text and code of the cells, without what the code has printed."""

import json
import re

from pydantic import ConfigDict, ValidationError

from jobs.documents.readers.decode import decode_text
from jobs.documents.readers.extract import Extract
from jobs.documents.readers.limits import ReadLimits, damaged
from jobs.documents.readers.markup.markdown.page import read_markdown
from schemas.record import Value

_AS_IT_COMES = ConfigDict(extra="ignore", frozen=True)  # a notebook's fields are not ours
_MAX_LEVEL = 6
_FENCE_LINE = re.compile(r"^ {0,3}(`{3,}|~{3,})([^\n]*)$", re.MULTILINE)
_COMMENT_START, _COMMENT_END = "<!--", "-->"
_FENCE = re.compile("^`{3,}", re.MULTILINE)


class _Cell(Value):
    """A cell of nbformat 4; format 3 calls the source of code `input`."""

    model_config = _AS_IT_COMES
    cell_type: str
    source: str | tuple[str, ...] = ""
    input: str | tuple[str, ...] = ""
    level: int = 1  # of a heading, which is a cell of its own in format 3


class _Sheet(Value):
    model_config = _AS_IT_COMES
    cells: tuple[_Cell, ...] = ()


class _Notebook(Value):
    model_config = _AS_IT_COMES
    cells: tuple[_Cell, ...] = ()
    worksheets: tuple[_Sheet, ...] = ()  # nbformat 3


def read_notebook(data: bytes, limits: ReadLimits) -> Extract:
    """Raises: UnreadableFileError."""
    try:
        notebook = _Notebook.model_validate(json.loads(decode_text(data)))
    except (json.JSONDecodeError, ValidationError, RecursionError) as error:
        raise damaged(f"is no notebook ({type(error).__name__})") from error
    cells = [*notebook.cells, *(cell for sheet in notebook.worksheets for cell in sheet.cells)]
    return read_markdown("\n\n".join(map(_markdown, cells)).encode(errors="replace"), limits)


def _markdown(cell: _Cell) -> str:
    source = "".join(cell.source or cell.input)
    if cell.cell_type == "heading":
        return f"{'#' * min(max(cell.level, 1), _MAX_LEVEL)} {' '.join(source.split())}"
    if cell.cell_type != "code":
        return _closed(source)
    fence = max((found[0] for found in _FENCE.finditer(source)), key=len, default="``") + "`"
    return f"{fence}\n{source}\n{fence}"


def _closed(source: str) -> str:
    """The Markdown of one cell: code or a comment that it does not end ends with it."""
    fence = ""
    for opened, rest in _FENCE_LINE.findall(source):
        if not fence:
            fence = opened
        elif opened.startswith(fence) and not rest.strip():
            fence = ""
    if not fence and source.rfind(_COMMENT_START) > source.rfind(_COMMENT_END):
        return f"{source}\n{_COMMENT_END}"
    return f"{source}\n{fence}"
