"""What the styles of an ODT say: code, numbering, superscripts."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from xml.etree import ElementTree as ET

from jobs.documents.readers.office.docx_styles import CODE_NAME, MONO_FONT
from jobs.documents.readers.office.ooxml import local, value_of

_SPACE = "_20_"  # as names have it
_MAX_STYLES_UP = 20


class ListLevel(NamedTuple):
    """How one level of a list is numbered; `form` is HTML's `type` of a list."""

    is_numbered: bool = False
    form: str = "1"
    start: int = 1


class OdtStyles:
    """The styles of a document, automatic and named."""

    def __init__(self, roots: Iterable[ET.Element]) -> None:
        self._styles: dict[str, ET.Element] = {}
        self._lists: dict[str, ET.Element] = {}
        for element in (element for root in roots for element in root.iter()):
            kinds = {"style": self._styles, "list-style": self._lists}
            if (kind := kinds.get(local(element))) is not None:
                kind.setdefault(value_of(element, "name") or "", element)

    def is_code(self, name: str) -> bool:
        """Whether a paragraph's style is for code, or its letters are equally wide."""
        if CODE_NAME.search(name.replace(_SPACE, " ")):  # it need not be described
            return True
        for style_name, style in self._chain(name):
            fonts = style.find("{*}text-properties")
            font = f"{value_of(fonts, 'font-name') or ''} {value_of(fonts, 'font-family') or ''}"
            if CODE_NAME.search(style_name.replace(_SPACE, " ")) or MONO_FONT.search(font):
                return True
        return False

    def is_hidden(self, name: str) -> bool:
        """Whether the style of a paragraph or a span hides its text."""
        shown = (
            value_of(style.find("{*}text-properties"), "display") for _, style in self._chain(name)
        )
        return next(filter(None, shown), "") == "none"

    def script(self, name: str) -> str:
        """`sup` or `sub` if a span is raised or lowered, else nothing."""
        for _, style in self._chain(name):
            place = value_of(style.find("{*}text-properties"), "text-position") or ""
            if place:
                return (
                    "sub" if place.startswith(("sub", "-")) else "sup" * (place[0] in "s123456789")
                )
        return ""

    def numbering(self, name: str, level: int) -> ListLevel:
        """How a list of this style is numbered at a level (1: the outermost)."""
        for found in self._lists.get(name, ()):
            if value_of(found, "level") == str(level):
                form = value_of(found, "num-format") or ""
                start = value_of(found, "start-value") or "1"
                is_numbered = local(found) == "list-level-style-number" and bool(form)
                return ListLevel(is_numbered, form, int(start) if start.isdecimal() else 1)
        return ListLevel()

    def _chain(self, name: str) -> Iterator[tuple[str, ET.Element]]:
        for _ in range(_MAX_STYLES_UP):
            style = self._styles.get(name)
            if style is None:
                return
            yield name, style
            name = value_of(style, "parent-style-name") or ""
