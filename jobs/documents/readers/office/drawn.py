"""The text of what Office files draw: diagrams (SmartArt), and charts with their numbers as tables.

It stands in parts of its own, which the drawing names.
"""

from collections.abc import Iterator
from html import escape
from xml.etree import ElementTree as ET

from jobs.documents.readers.office.ooxml import Package, as_number, local

DRAWINGS = frozenset({"relIds", "chart"})  # what names the part of a diagram, of a chart
_PARTS = ("relationships}dm", "relationships}id")
_CATEGORIES, _VALUES = ("cat", "xVal"), ("val", "yVal")
_MAX_ROWS, _MAX_COLUMNS = 500, 50  # of one chart


def drawn_html(drawing: ET.Element, package: Package, name: str) -> str:
    """The text of a diagram or chart that part `name` draws; empty if its part is not there."""
    references = package.references(name)
    return "".join(
        _part_html(package.part(references[reference_id].name))
        for key, reference_id in drawing.items()
        if key.endswith(_PARTS) and reference_id in references
    )


def _part_html(root: ET.Element) -> str:
    words = f"<p>{'<br>'.join(filter(None, map(escape, _lines_of(root))))}</p>"
    series = [element for element in root.iter() if local(element) == "ser"]
    return words + _table_html(series[:_MAX_COLUMNS]) if series else words


def _lines_of(root: ET.Element) -> Iterator[str]:
    """The text of each paragraph; one within another is part of it."""
    inner: set[int] = set()
    for paragraph in root.iter():
        if local(paragraph) == "p" and id(paragraph) not in inner:
            parts = list(paragraph.iter())
            inner.update(map(id, parts))
            yield "".join(part.text or "" for part in parts if local(part) == "t")


def _table_html(series: list[ET.Element]) -> str:
    """A row for each category, a column for each series."""
    categories = _points(series[0], _CATEGORIES)
    columns = [_points(each, _VALUES) for each in series]
    places = sorted({*categories, *(place for column in columns for place in column)})
    rows = [["", *map(_name_of, series)]]
    for place in places[:_MAX_ROWS]:
        first = categories.get(place, str(place + 1))
        rows.append([first, *(column.get(place, "") for column in columns)])
    cells = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows)
    return "<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>"


def _name_of(series: ET.Element) -> str:
    return " ".join(value for _, value in _cached(series, ("tx",)))


def _points(series: ET.Element, names: tuple[str, ...]) -> dict[int, str]:
    return dict(_cached(series, names))


def _cached(series: ET.Element, names: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """What the file keeps of the cells that a chart shows, with their places."""
    for part in series:
        if local(part) not in names:
            continue
        for point in part.iter():
            place = as_number(point.get("idx"), -1)
            if local(point) == "pt" and place >= 0:
                yield place, _number(point.findtext("{*}v") or "")


def _number(text: str) -> str:
    """0.30000000000000004 as it is meant."""
    try:
        return f"{float(text):.12g}" if "." in text else text
    except ValueError:
        return text
