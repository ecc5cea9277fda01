"""Tables that MyST has as directives: lists of lists, and comma-separated values."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

TABLE_DIRECTIVES = frozenset({"list-table", "csv-table"})
_HEADER = re.compile(r"^:header:[ \t]*(\S[^\n]*)$", re.MULTILINE)
_EDGE = re.compile(r"<(/?)(ul|ol|li)>")
_CELL_LEVELS = {1: ("table", "tr"), 2: ("", "td")}  # what lists and items are, by their depth


def table_html(name: str, content: str, body: str, render: Callable[[str], str]) -> str:
    """The table of a directive: `body` is its `content` without options."""
    if name == "list-table":
        return "".join(_as_table(render(body)))
    header = _HEADER.search(content[: len(content) - len(body)])
    lines = [*([header[1]] if header else []), *body.strip().split("\n")]
    try:
        rows = list(csv.reader(lines, skipinitialspace=True))
    except csv.Error:
        return render(body)
    return "".join(_rows_html(rows, render))


def _rows_html(rows: Iterable[Sequence[str]], render: Callable[[str], str]) -> Iterator[str]:
    yield "<table>"
    for row in filter(None, rows):
        yield "<tr>" + "".join(f"<td>{render(cell)}</td>" for cell in row) + "</tr>"
    yield "</table>"


def _as_table(html: str) -> Iterator[str]:
    """A list of lists as the table that it means; lists within cells stay."""
    depth, place = 0, 0
    for edge in _EDGE.finditer(html):
        yield html[place : edge.start()]
        place = edge.end()
        is_list, is_end = edge[2] != "li", bool(edge[1])
        depth += is_list and not is_end
        names = _CELL_LEVELS.get(depth)
        tag = (names[0] if is_list else names[1]) if names else edge[2]
        yield f"<{edge[1]}{tag}>" * bool(tag)
        depth -= is_list and is_end
    yield html[place:]
