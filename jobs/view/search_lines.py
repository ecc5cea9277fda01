"""A page of a list: lines that hold a text and have certain values, from a place on."""

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from jobs.dataset.rows.chat_rows import read_row
from jobs.view.lists import KINDS, TITLE_CHARS, Line, ListKind, RunLists

GLANCE_S = 0.02  # what one call spends on counting where it has the lines that it wants
COUNT_S = 0.3  # what one call may spend on counting lines that are new to it
SEARCH_S = 0.5  # and on looking through lines; the next call goes on where this one ended
BLOCK_LINES = 1_000
MAX_LIMIT = 200
CHOICE_LINES = 5_000  # the first so many lines say which values there are to choose from
MAX_CHOICES = 40


class Wanted(NamedTuple):
    """Which lines of a list. `start` is the number of the first that is looked at."""

    name: str
    start: int = 0
    limit: int = 50
    text: str = ""
    values: Mapping[str, str] = {}


def find_page(lists: RunLists, wanted: Wanted) -> dict[str, Any]:
    """The page, how many lines there are, and where the next page begins (None: at no place).

    A search ends after SEARCH_S, with what it found: `next` is then where it goes on. So memory is
    that of a page, whatever the length of the file.
    """
    kind = KINDS[wanted.name]
    file = lists.file(kind.file)
    is_there = len(file) > wanted.start + wanted.limit
    file.count_on(GLANCE_S if is_there else COUNT_S)
    rows: list[dict[str, Any]] = []
    number, end_s = wanted.start, time.monotonic() + SEARCH_S
    while number < len(file) and len(rows) < wanted.limit and time.monotonic() < end_s:
        is_chosen = bool(wanted.text or wanted.values)
        block = file.read(number, BLOCK_LINES if is_chosen else wanted.limit)
        texts = lists.row_texts(block, COUNT_S) if wanted.name == "rows" else [b""] * len(block)
        for data, text in zip(block, texts, strict=True):
            if _matches(wanted, data, text):
                rows.append(_summary(kind, number, data, text))
            number += 1
            if len(rows) == wanted.limit:
                break
    return {
        "rows": rows,
        "total": len(file),
        "counted": file.is_counted,
        "looked": number,
        "next": number if number < len(file) or not file.is_counted else None,
    }


def find_choices(lists: RunLists) -> dict[str, Any]:
    """Every list with its label, its length as far as it is counted, and values to choose by."""
    found = {}
    for name, kind in KINDS.items():
        file = lists.file(kind.file)
        file.count_on(GLANCE_S)
        values: dict[str, set[str]] = {field: set() for field in kind.filters}
        for data in file.read(0, CHOICE_LINES) if kind.filters else []:
            for field in kind.filters:
                value = _text_field(data, field)
                if value and len(values[field]) < MAX_CHOICES:
                    values[field].add(value)
        found[name] = {
            "label": kind.label,
            "total": len(file),
            "counted": file.is_counted,
            "filters": {field: sorted(each) for field, each in values.items()},
        }
    return found


def read_line(lists: RunLists, name: str, number: int) -> Line | None:
    """A line of a list by its number; None if there is none."""
    file = lists.file(KINDS[name].file)
    if number >= len(file):
        file.count_on(COUNT_S)
    return next((_parse(data) for data in file.read(number, 1)), None) if number >= 0 else None


def _matches(wanted: Wanted, data: bytes, text: bytes) -> bool:
    """Whether a line, or the line of the dataset that belongs to it, is wanted."""
    if any(_text_field(data, field) != value for field, value in wanted.values.items()):
        return False
    return not wanted.text or _holds(data, wanted.text) or _holds(text, wanted.text)


def _holds(data: bytes, text: str) -> bool:
    """Whether a line holds a text, in whatever case."""
    escaped = orjson.dumps(text)[1:-1]
    if escaped.isascii():
        return escaped.lower() in data.lower()
    return escaped.decode().casefold() in data.decode(errors="replace").casefold()


def _summary(kind: ListKind, number: int, data: bytes, text: bytes) -> dict[str, Any]:
    line = _parse(data)
    title = (read_row(text).question if text else "") or kind.title(line)
    facts = (line.get(field) for field in kind.facts)
    return {
        "number": number,
        "title": title[:TITLE_CHARS],
        "facts": [str(fact) for fact in facts if fact not in (None, "")],
    }


def _text_field(data: bytes, field: str) -> str:
    """The value of a field that is a short text without escapes; empty if it is not there."""
    mark = b'"%b":"' % field.encode()
    _, found, rest = data.partition(mark)
    return rest[: rest.find(b'"')].decode(errors="replace") if found else ""


def _parse(data: bytes) -> dict[str, Any]:
    """A line as it stands there; one that is damaged shows as what it is."""
    try:
        line = orjson.loads(data)
    except orjson.JSONDecodeError:
        return {"text": data.decode(errors="replace"), "damaged": True}
    return line if isinstance(line, dict) else {"text": str(line)}
