"""Reads PPTX: a slide is a page; its shapes and notes become HTML for the HTML reader."""

import re
from collections.abc import Iterable, Iterator
from html import escape
from typing import NamedTuple
from xml.etree import ElementTree as ET

from jobs.documents.readers.extract import Block, Extract, assemble
from jobs.documents.readers.html.page import html_blocks
from jobs.documents.readers.limits import ReadLimits, damaged
from jobs.documents.readers.office.docx_styles import MONO_FONT
from jobs.documents.readers.office.drawn import drawn_html
from jobs.documents.readers.office.omml import equation
from jobs.documents.readers.office.ooxml import (
    PARSE_ERRORS,
    Package,
    first,
    local,
    shown_children,
    value_of,
)
from jobs.documents.readers.office.pptx_lists import ListItem, SlideLists
from jobs.documents.readers.office.pptx_order import Place, place_of, reading_order
from jobs.documents.readers.zip_files import open_zip

_FURNITURE = frozenset({"sldNum", "dt", "ftr", "hdr", "sldImg"})  # ECMA-376 part 1, 19.7.10
_TITLES = frozenset({"title", "ctrTitle"})
_INDENTS = ("  ", "\t")  # of code
_NUMBERED = "slidenum"
_MAX_DEPTH = 40
_ESCAPED = re.compile("_x000([9ABD])_")  # ECMA-376 part 1, 22.9.2.19
_CONTROLS = {"9": "\t", "A": "<br>", "B": "<br>", "D": ""}


class _Shape(NamedTuple):
    """A shape and its text."""

    element: ET.Element
    html: str


class _Slide(NamedTuple):
    """A slide, or its notes, with the part that it is."""

    package: Package
    name: str
    lists: SlideLists


def read_pptx(data: bytes, limits: ReadLimits) -> Extract:
    """A slide is a page. Raises: UnreadableFileError."""
    with open_zip(data, limits) as archive:
        package = Package(archive)
        try:
            names = _slide_names(package)
            blocks = _blocks(package, names)
            return assemble(blocks, limits, title=package.title(), page_count=len(names))
        except PARSE_ERRORS as error:
            raise damaged(f"is no whole PPTX file ({type(error).__name__}: {error})") from error


def _slide_names(package: Package) -> list[str]:
    main = package.main_name()
    references = package.references(main)
    ids = (_relation(slide) for slide in package.part(main).iterfind("{*}sldIdLst/{*}sldId"))
    return [references[slide_id].name for slide_id in ids if slide_id in references]


def _relation(element: ET.Element) -> str:
    """The attribute `r:id`, which an element may have besides an `id` of its own."""
    found = (value for key, value in element.items() if key.endswith("relationships}id"))
    return next(found, "")


def _blocks(package: Package, names: list[str]) -> Iterator[Block]:
    for page, name in enumerate(names, start=1):
        for html in (_slide_html(package, name), _notes_html(package, name)):
            for block in html_blocks(html):
                yield block._replace(page=page)


def _slide_html(package: Package, name: str) -> str:
    tree = first(package.part(name), "cSld", "spTree")
    if tree is None:
        return ""
    shown = _Slide(package, name, SlideLists(package, name))
    shapes = sorted(_shapes(tree, shown, 0), key=lambda shape: _kind(shape.element) not in _TITLES)
    return "".join(shape.html for shape in shapes)


def _notes_html(package: Package, name: str) -> str:
    notes = package.related(name, "notesSlide")
    tree = first(package.part(notes), "cSld", "spTree") if notes else None
    if notes is None or tree is None:
        return ""
    shown = _Slide(package, notes, SlideLists(package, notes))
    return "".join(shape.html for shape in _shapes(tree, shown, 0))


def _shapes(parent: ET.Element, slide: _Slide, depth: int) -> list[_Shape]:
    """The shapes with text in the order of reading, titles first, those in groups one by one."""
    titles: list[_Shape] = []
    places: list[Place | None] = []
    groups: list[list[_Shape]] = []
    for shape in shown_children(parent):
        found = _shapes_of(shape, slide, depth)
        if _kind(shape) in _TITLES:
            titles += found
        elif found:
            places.append(place_of(slide.lists.forms_of(shape)))
            groups.append(found)
    order = reading_order(places)
    return titles + [shape for number in order for shape in groups[number]]


def _shapes_of(shape: ET.Element, slide: _Slide, depth: int) -> list[_Shape]:
    kind = local(shape)
    about = shape.find("*/{*}cNvPr")
    if about is not None and about.get("hidden") in ("1", "true"):
        return []
    if kind == "grpSp" and depth < _MAX_DEPTH:
        return _shapes(shape, slide, depth + 1)
    if kind == "graphicFrame":
        found = _Shape(shape, _frame_html(shape, slide))
    elif kind == "sp" and _kind(shape) not in _FURNITURE:
        found = _Shape(shape, _shape_html(shape, slide.lists))
    else:
        return []
    return [found] if found.html else []


def _shape_html(shape: ET.Element, lists: SlideLists) -> str:
    body = first(shape, "txBody")
    if _kind(shape) in _TITLES:
        return _text_html(body, "h1")
    lists.begin(shape)
    paragraphs = body.findall("{*}p") if body is not None else []
    items = [lists.item(paragraph) for paragraph in paragraphs]
    are_code = list(map(_is_code, paragraphs))
    if any(items) or (any(are_code) and not all(are_code)):
        return "".join(_items_html(zip(paragraphs, items, are_code, strict=True)))
    return _text_html(body, "p")


def _items_html(
    paragraphs: Iterable[tuple[ET.Element, ListItem | None, bool]],
) -> Iterator[str]:
    depth = 0
    code: list[str] = []
    for paragraph, item, is_code in paragraphs:
        html = _paragraph_html(paragraph)
        if is_code and item is None:
            code.append(html)
            continue
        if not html.strip():
            continue
        yield _code_html(code)
        code.clear()
        wanted = item.level + 1 if item else 0
        yield "<ul>" * (wanted - depth) + "</ul>" * (depth - wanted)
        depth = wanted
        yield (
            f'<li data-item-label="{escape(item.label)}">{html}</li>' if item else f"<p>{html}</p>"
        )
    yield _code_html(code) + "</ul>" * depth


def _code_html(lines: list[str]) -> str:
    return "<pre>\n" + "\n".join(lines) + "</pre>" if lines else ""


def _is_code(paragraph: ET.Element) -> bool:
    """Whether all words are set in a font in which all letters are equally wide."""
    fonts = [
        value_of(first(run, "rPr", "latin"), "typeface") or ""
        for run in paragraph.iterfind("{*}r")
        if (run.findtext("{*}t") or "").strip()
    ]
    return bool(fonts) and all(map(MONO_FONT.search, fonts))


def _kind(shape: ET.Element) -> str:
    """What a shape holds the place of; empty if of nothing."""
    return value_of(first(shape, "nvSpPr", "nvPr", "ph"), "type") or ""


def _text_html(body: ET.Element | None, tag: str) -> str:
    if body is None:
        return ""
    lines = [_paragraph_html(paragraph) for paragraph in body.iterfind("{*}p")]
    is_indented = any(part.startswith(_INDENTS) for line in lines for part in line.split("<br>"))
    if is_indented or all(map(_is_code, body.iterfind("{*}p"))):
        return "<pre>\n" + "\n".join(lines) + "</pre>"
    return f"<{tag}>{'<br>'.join(filter(None, lines))}</{tag}>"


def _paragraph_html(paragraph: ET.Element) -> str:
    pieces = []
    for part in shown_children(paragraph):
        name = local(part)
        if name == "br":
            pieces.append("<br>")
        elif name in ("m", "oMath", "oMathPara"):
            pieces.append(escape(equation(part)))
        elif name != "fld" or value_of(part, "type") != _NUMBERED:
            pieces.append(_run_html(part))
    return "".join(pieces)


def _run_html(run: ET.Element) -> str:
    text = _ESCAPED.sub(lambda found: _CONTROLS[found[1]], escape(run.findtext("{*}t") or ""))
    raised = value_of(first(run, "rPr"), "baseline") or "0"
    if not text.strip() or raised == "0" or not raised.lstrip("-").isdecimal():
        return text
    tag = "sub" if raised.startswith("-") else "sup"
    return f"<{tag}>{text}</{tag}>"


def _frame_html(frame: ET.Element, slide: _Slide) -> str:
    data = first(frame, "graphic", "graphicData")
    if data is None:
        return ""
    table = first(data, "tbl")
    if table is not None:
        return _table_html(table)
    return "".join(drawn_html(drawing, slide.package, slide.name) for drawing in data)


def _table_html(table: ET.Element) -> str:
    rows = []
    for row in table.iterfind("{*}tr"):
        cells = [
            f'<td colspan="{cell.get("gridSpan", "1")}" rowspan="{cell.get("rowSpan", "1")}">'
            f"{_text_html(first(cell, 'txBody'), 'p')}</td>"
            for cell in row.iterfind("{*}tc")
            if not (_is_merged(cell, "hMerge") or _is_merged(cell, "vMerge"))
        ]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table>{''.join(rows)}</table>"


def _is_merged(cell: ET.Element, name: str) -> bool:
    return cell.get(name) in ("1", "true")
