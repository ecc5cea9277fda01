"""Reads tables of texts, CSV or JSON lines: one column of them, each row a section of its own.

Files are read as a stream: of a table as large as any, only the text of that column is held.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import BinaryIO, NamedTuple

import orjson

from jobs.documents.readers.clean_text import clean
from jobs.documents.readers.decode_stream import find_encoding, read_lines
from jobs.documents.readers.extract import Block, Extract, assemble
from jobs.documents.readers.limits import ReadLimits, UnreadableFileError, damaged

SETTING = "documents.text_column"
NO_COLUMN = "no_text_column"
MAX_NAMED_COLUMNS = 20
MAX_NAMED_ROWS = 3
_MAX_NAME_CHARS = 60
_DELIMITERS = ",;\t|"
_MAX_HEADER_LINES = 20  # names of columns may have line ends in them
_SEPARATOR_LINE = re.compile(r"\"?sep=.\"?\s*", re.IGNORECASE)  # Excel: it is no header
_ESCAPED_QUOTE = '\\"'
_END_OF_DATA = "unexpected end of data"  # csv's words for a quote that nothing closes


class _Form(NamedTuple):
    """How a table is written; `escape` is what stands before quotes within cells, if anything."""

    header: list[str]
    delimiter: str
    escape: str | None = None
    skips_spaces: bool = False  # after a delimiter


class _Row(NamedTuple):
    """One row, counted from 1 without the header: its text, or what is wrong with it."""

    number: int
    text: str
    fault: str = ""


def read_csv(file: BinaryIO, limits: ReadLimits, *, text_column: str, encoding: str) -> Extract:
    """The texts of one column. What separates cells is what makes the header name that column.

    Raises:
        UnreadableFileError: no such column, or every row is damaged.
    """
    csv.field_size_limit(limits.max_text_bytes)
    lines = _lines(file, encoding, limits, newline="")  # line ends of every kind
    first = list(islice(lines, _MAX_HEADER_LINES))
    if first and _SEPARATOR_LINE.fullmatch(first[0]):
        first = first[1:]
    form = _read_header(first, text_column)
    records = _records(chain(first, lines), form)
    next(filter(None, records))  # the header
    return _read(_csv_rows(records, form.header, text_column), limits)


def read_jsonl(file: BinaryIO, limits: ReadLimits, *, text_column: str, encoding: str) -> Extract:
    """The texts under one key of the objects that a file has a line each. Raises as `read_csv`."""
    lines = _lines(file, encoding, limits, newline="\n")
    return _read(_json_rows(lines, text_column), limits)


def _lines(file: BinaryIO, codec: str, limits: ReadLimits, newline: str) -> Iterator[str]:
    encoding = find_encoding(file, codec)
    return read_lines(file, encoding, max_chars=limits.max_text_bytes, newline=newline)


def _read(rows: Iterator[_Row], limits: ReadLimits) -> Extract:
    last, faults, text_count, named = 0, 0, 0, list[str]()

    def blocks() -> Iterator[Block]:
        nonlocal last, faults, text_count
        for row in rows:
            last = row.number
            if not row.fault:
                text_count += bool(row.text)
                yield Block(clean(row.text), page=row.number)
                continue
            faults += 1
            if faults <= MAX_NAMED_ROWS:
                named.append(f"row {row.number:,}: {row.fault}")

    extract = assemble(blocks(), limits)
    if not faults:
        return extract
    more = f"; and {faults - len(named):,} more" if faults > len(named) else ""
    found = f"{'; '.join(named)}{more}"
    if not text_count:
        raise damaged(f"none of its {last:,} rows can be read: {found}")
    return extract._replace(
        notes=(f"{faults:,} of {last:,} rows are damaged and left out: {found}",)
    )


def _read_header(first: list[str], text_column: str) -> _Form:
    """How the rows are written: what the first lines tell, and what makes of them the column."""
    found: list[_Form] = []
    for delimiter in _DELIMITERS:
        form = _Form([], delimiter, _escape(first, delimiter))
        try:
            names = next(filter(None, _records(first, form)), [])  # empty lines may come before it
        except csv.Error:
            continue
        skips_spaces = any(name.startswith(" ") for name in names[1:])
        header = [name.strip() for name in names]
        found.append(form._replace(header=header, skips_spaces=skips_spaces))
    if not found:
        raise damaged("its first line is no header of columns")
    named = [each for each in found if text_column in each.header]
    form = max(named or found, key=lambda each: len(each.header))
    if not named or not text_column:
        raise _without_column(text_column, form.header)
    return form


def _records(lines: Iterable[str], form: _Form) -> Iterator[list[str]]:
    return csv.reader(
        lines,
        delimiter=form.delimiter,
        escapechar=form.escape,
        skipinitialspace=form.skips_spaces,
        strict=True,
    )


def _escape(lines: list[str], delimiter: str) -> str | None:
    """A backslash if the first lines are right only if it stands before quotes within cells."""
    if not any(_ESCAPED_QUOTE in line for line in lines):
        return None
    plain = _Form([], delimiter)
    escaped = plain._replace(escape="\\")
    return escaped.escape if not _are_right(lines, plain) and _are_right(lines, escaped) else None


def _are_right(lines: list[str], form: _Form) -> bool:
    try:
        for _ in _records(lines, form):
            pass
    except csv.Error as error:
        return str(error) == _END_OF_DATA  # the lines are not all there are
    return True


def _csv_rows(records: Iterator[list[str]], header: list[str], text_column: str) -> Iterator[_Row]:
    place, number = header.index(text_column), 0
    while True:
        try:
            cells = next(records)
        except StopIteration:
            return
        except csv.Error as error:
            number += 1
            yield _Row(number, "", _explain(error))
            continue
        if not cells:  # an empty line
            continue
        number += 1
        if len(cells) == len(header):
            yield _Row(number, cells[place])
        else:
            yield _Row(number, "", f"has {len(cells):,} cells, the header {len(header):,}")


def _explain(error: csv.Error) -> str:
    if str(error) == _END_OF_DATA:
        return "a quote that is opened in it is never closed, so all that follows is lost"
    return f"no CSV ({error})"


def _json_rows(lines: Iterator[str], key: str) -> Iterator[_Row]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            value, fault = _read_object(line, key)
            yield _Row(number, value, fault)


def _read_object(line: str, key: str) -> tuple[str, str]:
    """The text of a line, and what is wrong with it: one of them is empty."""
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        found = _as_written(line)
        if found is None:
            return "", f"no JSON ({error.msg})"
    if not isinstance(found, dict):
        return "", "no object, but another value"
    if not key:
        raise _without_column(key, list(found))
    if key not in found:
        return "", f"has no {key!r}, but {_list_names(list(found))}"
    value = found[key]
    if isinstance(value, list | dict):
        return "", f"{key!r} is no text, but a value with parts"
    return ("" if value is None else _written(value, line, key)), ""


def _written(value: object, line: str, key: str) -> str:
    """A text, or a number or truth value as it stands in its line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        found = _as_written(line)
        value = found[key] if isinstance(found, dict) else value
    return str(value)


def _as_written(line: str) -> object:
    """The value of a line with its numbers as they stand; None if it is no JSON.

    What is no number (`NaN`) is null, and half of a pair that stands for one letter is taken.
    """
    try:
        return json.loads(line, parse_int=str, parse_float=str, parse_constant=_null)
    except (ValueError, RecursionError):
        return None


def _null(_name: str) -> None:
    return None


def _without_column(text_column: str, columns: list[str]) -> UnreadableFileError:
    found = _list_names(columns)
    if text_column:
        return UnreadableFileError(
            NO_COLUMN, f"has no column {text_column!r} ({SETTING}), but {found}"
        )
    return UnreadableFileError(
        NO_COLUMN, f"which column holds the text? --set {SETTING}=NAME; it has {found}"
    )


def _list_names(names: list[str]) -> str:
    shown = [repr(name[:_MAX_NAME_CHARS]) for name in names[:MAX_NAMED_COLUMNS]]
    return ", ".join(shown) + ", ..." * (len(names) > len(shown)) or "none"
