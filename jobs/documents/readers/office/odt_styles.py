"""What the styles of an ODT say: code, numbering, superscripts."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from xml.etree import ElementTree as ET

from jobs.documents.readers.office.docx_styles import CODE_NAME, MONO_FONT
from jobs.documents.readers.office.ooxml import as_number, first, local, value_of

_SPACE = "_20_"  # as names have it
_MAX_STYLES_UP = 20
_FORMS = frozenset("1aAiI")
_MAX_SIGNS = 40  # before and behind the number of an item
_RAISED = frozenset("s123456789")  # how a place begins that is above the line


class ListLevel(NamedTuple):
    """How one level of a list is numbered; `form` is HTML's `type` of a list."""

    is_numbered: bool = False
    form: str = "1"
    start: int = 1
    prefix: str = ""
    suffix: str = "."
    shown_count: int = 1  # of levels whose numbers stand in a label, the inner ones

    def label(self, numbers: Sequence[str]) -> str:
        """What stands before an item; `numbers` are those of its level and of all above."""
        return self.prefix + ".".join(numbers[-self.shown_count :]) + self.suffix


class _Style(NamedTuple):
    """What one style says by itself; empty where it says nothing."""

    parent: str
    is_code: bool
    display: str
    position: str  # of its letters


class OdtStyles:
    """The styles of a document, automatic and named."""

    def __init__(self, roots: Iterable[ET.Element]) -> None:
        self._styles: dict[str, _Style] = {}
        self._lists: dict[str, dict[str, ListLevel]] = {}
        for element in (element for root in roots for element in root.iter()):
            name = value_of(element, "name") or ""
            if local(element) == "style" and name not in self._styles:
                self._styles[name] = _style_of(element, name)
            elif local(element) == "list-style" and name not in self._lists:
                self._lists[name] = _levels_of(element)

    def is_code(self, name: str) -> bool:
        """Whether a paragraph's style is for code, or its letters are equally wide."""
        is_described = any(style.is_code for style in self._chain(name))
        return is_described or _is_name_of_code(name)  # it need not be described

    def is_hidden(self, name: str) -> bool:
        """Whether the style of a paragraph or a span hides its text."""
        shown = (style.display for style in self._chain(name))
        return next(filter(None, shown), "") == "none"

    def script(self, name: str) -> str:
        """`sup` or `sub` if a span is raised or lowered, else nothing."""
        place = next(filter(None, (style.position for style in self._chain(name))), "")
        if place.startswith(("sub", "-")):
            return "sub"
        return "sup" if place[:1] in _RAISED else ""

    def numbering(self, name: str, level: int) -> ListLevel:
        """How a list of this style is numbered at a level (1: the outermost)."""
        return self._lists.get(name, {}).get(str(level), ListLevel())

    def _chain(self, name: str) -> Iterator[_Style]:
        for _ in range(_MAX_STYLES_UP):
            style = self._styles.get(name)
            if style is None:
                return
            yield style
            name = style.parent


def _style_of(style: ET.Element, name: str) -> _Style:
    properties = first(style, "text-properties")
    font = " ".join(value_of(properties, f"font-{part}") or "" for part in ("name", "family"))
    return _Style(
        parent=value_of(style, "parent-style-name") or "",
        is_code=_is_name_of_code(name) or MONO_FONT.search(font) is not None,
        display=value_of(properties, "display") or "",
        position=value_of(properties, "text-position") or "",
    )


def _levels_of(style: ET.Element) -> dict[str, ListLevel]:
    levels: dict[str, ListLevel] = {}
    for found in style:
        told = value_of(found, "num-format") or ""
        form = told if told in _FORMS else "1"
        is_numbered = local(found) == "list-level-style-number" and bool(told)
        level = ListLevel(
            is_numbered=is_numbered,
            form=form,
            start=as_number(value_of(found, "start-value"), 1),
            prefix=(value_of(found, "num-prefix") or "")[:_MAX_SIGNS],
            suffix=(value_of(found, "num-suffix") or ".")[:_MAX_SIGNS],
            shown_count=max(1, as_number(value_of(found, "display-levels"), 1)),
        )
        levels.setdefault(value_of(found, "level") or "", level)
    return levels


def _is_name_of_code(name: str) -> bool:
    return CODE_NAME.search(name.replace(_SPACE, " ")) is not None
