"""The text within a paragraph of a DOCX as HTML: runs, fields, equations, marks of notes."""

from collections.abc import Iterator
from html import escape
from typing import NamedTuple
from xml.etree import ElementTree as ET

from jobs.documents.readers.html.lists import written
from jobs.documents.readers.office.docx_styles import Styles
from jobs.documents.readers.office.drawn import DRAWINGS
from jobs.documents.readers.office.omml import equation
from jobs.documents.readers.office.ooxml import first, is_on, local, shown_children, value_of
from jobs.documents.readers.office.symbols import sign_of, with_signs

_NO_TEXT = frozenset(
    (
        *("del", "moveFrom", "delText", "instrText", "delInstrText", "fldData", "rt", "pict_data"),
        *("footnoteRef", "endnoteRef", "annotationRef", "commentReference", "sdtPr", "sdtEndPr"),
        *("pPr", "rPr", "rubyPr", "docPr", "posOffset", "align", "wrapPolygon"),
    )
)
_BOXES = DRAWINGS | {"txbxContent"}
_AS_TEXT = {"tab": "\t", "ptab": "\t", "noBreakHyphen": "-", "softHyphen": "", "cr": "<br>"}
_RAISED = {"superscript": "sup", "subscript": "sub"}
_MAX_DEPTH = 60
_MAX_DIGITS = 5  # of the place of a sign in its font
_NO_SIGN = -1


class NoteMark(NamedTuple):
    """The mark of a note, as it stands in the text."""

    note_id: str
    label: str
    kind: str
    is_own: bool = False  # it is none of those that are counted


class Inlines:
    """Writes paragraphs; counts the notes that they name."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self._is_hidden = False  # what the paragraph is that is written
        self._fields: list[bool] = []  # that are open: whether its instruction is being read
        self._own_mark: NoteMark | None = None  # of a note: the text that follows is its label
        self._marks: dict[str, list[NoteMark]] = {"footnotes": [], "endnotes": []}
        self._counts = dict.fromkeys(self._marks, 0)

    def marks(self, kind: str) -> Iterator[NoteMark]:
        """The marks of `footnotes` or `endnotes` that have been written; more may come."""
        at = 0
        while at < len(self._marks[kind]):
            yield self._marks[kind][at]
            at += 1

    def html(self, paragraph: ET.Element, boxes: list[ET.Element]) -> str:
        """The text of a paragraph; the text boxes that hang on it are added to `boxes`."""
        self._is_hidden = self._styles.hides(paragraph)
        self._fields.clear()
        return "".join(self._pieces(paragraph, boxes, 0))

    def is_mono(self, paragraph: ET.Element) -> bool:
        """Whether all text is in a font in which all letters are equally wide."""
        runs = [run for run in paragraph.iter() if local(run) == "r" and _has_words(run)]
        return bool(runs) and all(map(self._styles.is_mono_run, runs))

    def _pieces(self, element: ET.Element, boxes: list[ET.Element], depth: int) -> Iterator[str]:
        if depth > _MAX_DEPTH:
            yield escape("".join(element.itertext()))
            return
        for child in shown_children(element):
            name = local(child)
            if name in _BOXES:
                boxes.append(child)
            elif name == "r":
                yield self._run(child, boxes, depth)
            elif name in ("oMath", "oMathPara"):
                yield escape(equation(child))
            elif name == "sdt" and is_on(first(child, "sdtPr", "showingPlcHdr")):
                continue
            elif name not in _NO_TEXT:
                yield self._piece(child, name) or "".join(self._pieces(child, boxes, depth + 1))

    def _run(self, run: ET.Element, boxes: list[ET.Element], depth: int) -> str:
        properties = first(run, "rPr")
        if self._styles.hides_run(run, otherwise=self._is_hidden):
            return ""
        for part in run.iterfind("{*}t"):
            part.text = with_signs(part.text or "", properties)
        html = "".join(self._pieces(run, boxes, depth + 1))
        aligned = first(properties, "vertAlign") if properties is not None else None
        tag = _RAISED.get(value_of(aligned) or "")
        return f"<{tag}>{html}</{tag}>" if tag and html.strip() and "<" not in html else html

    def _piece(self, element: ET.Element, name: str) -> str:
        if name == "t":
            return self._text(element.text or "")
        if name == "fldChar":
            self._edge_of_field(value_of(element, "fldCharType") or "")
            return ""
        if name == "br":
            return "<br>" if value_of(element, "type") in (None, "textWrapping") else " "
        if name == "checkBox":
            return _check_box(element)
        if name == "sym":
            return self._text(_symbol(element))
        if name in ("footnoteReference", "endnoteReference"):
            return self._mark(f"{name.removesuffix('Reference')}s", element)
        return _AS_TEXT.get(name, "")

    def _text(self, text: str) -> str:
        """Text that is seen: the instruction of a field is none, nor what fields within it show."""
        mark, self._own_mark = self._own_mark, None
        if any(self._fields[:-1]):
            return ""
        if mark is not None and (label := text.strip()):
            self._marks[mark.kind].append(mark._replace(label=label))
            return f"[{escape(label)}]"
        return escape(text)

    def _edge_of_field(self, kind: str) -> None:
        if kind == "begin":
            self._fields.append(True)
        elif kind == "separate" and self._fields:
            self._fields[-1] = False
        elif kind == "end" and self._fields:
            self._fields.pop()

    def _mark(self, kind: str, element: ET.Element) -> str:
        mark = NoteMark(value_of(element, "id") or "", "", kind)
        if value_of(element, "customMarkFollows") in ("1", "true", "on"):
            self._own_mark = mark._replace(is_own=True)
            return ""
        number = self._counts[kind] = self._counts[kind] + 1
        label = str(number) if kind == "footnotes" else written(number, "i")
        self._marks[kind].append(mark._replace(label=label))
        return f"[{label}]"


def _check_box(element: ET.Element) -> str:
    """A box of an old form: what was set, else what it was made with."""
    found = first(element, "checked")
    box = first(element, "default") if found is None else found
    return "[x] " if is_on(box) else "[ ] "


def _symbol(element: ET.Element) -> str:
    code = value_of(element, "char") or ""
    try:
        number = int(code, 16) if len(code) <= _MAX_DIGITS else _NO_SIGN
        return sign_of(number, value_of(element, "font") or "")
    except ValueError:
        return ""


def _has_words(run: ET.Element) -> bool:
    return any(local(part) == "t" and (part.text or "").strip() for part in run)
