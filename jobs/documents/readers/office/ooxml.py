"""The parts of an Office file (ECMA-376): XML in a zip, and what each part refers to."""

import posixpath
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree as ET

from jobs.documents.readers.limits import damaged
from jobs.documents.readers.zip_files import Archive

PARSE_ERRORS = (LookupError, ValueError, RecursionError)
_MAIN = "officeDocument"
_CORE = "core-properties"
_MAX_DIGITS = 9
_CHOICES = frozenset({"Choice", "Fallback"})


class _Reference(NamedTuple):
    """What a part refers to: the last word of the kind's address, and the name of the other."""

    kind: str
    name: str


class Package:
    """An open Office file; a part that is missing or no XML is a damaged file."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._references: dict[str, dict[str, _Reference]] = {}
        self._kept: dict[str, ET.Element] = {}

    def main_name(self) -> str:
        """The name of the part that all others hang on."""
        name = self.related("", _MAIN)
        if name is None:
            raise damaged("names no main part")
        return name

    def title(self) -> str:
        """The title that the file's properties have; may be empty."""
        name = self.related("", _CORE)
        return (self.part(name).findtext("{*}title") or "") if name else ""

    def part(self, name: str) -> ET.Element:
        """The root of a part."""
        try:  # expat loads nothing from outside and stops entities that grow
            return ET.fromstring(self._archive.read(name))  # noqa: S314
        except (ET.ParseError, *PARSE_ERRORS) as error:
            raise damaged(f"its part {name!r} is no XML ({error})") from error

    def kept_part(self, name: str) -> ET.Element:
        """The root of a part that many others are made after: it is read once."""
        if name not in self._kept:
            self._kept[name] = self.part(name)
        return self._kept[name]

    def data(self, name: str) -> bytes:
        """A part that is no XML."""
        return self._archive.read(name)

    def related(self, name: str, kind: str) -> str | None:
        """The first part that part `name` refers to as `kind`."""
        found = (ref.name for ref in self.references(name).values() if ref.kind == kind)
        return next(found, None)

    def references(self, name: str) -> dict[str, _Reference]:
        """All that part `name` (empty: the file) refers to in the file, by id."""
        if name not in self._references:
            self._references[name] = dict(self._read_references(name))
        return self._references[name]

    def _read_references(self, name: str) -> Iterator[tuple[str, _Reference]]:
        folder, file = posixpath.split(name)
        path = posixpath.join(folder, "_rels", f"{file}.rels")
        if path not in self._archive.known_names:
            return
        for reference in self.part(path):
            target = posixpath.normpath(posixpath.join("/", folder, reference.get("Target", "")))
            if target[1:] in self._archive.known_names:
                kind = reference.get("Type", "").rpartition("/")[2]
                yield reference.get("Id", ""), _Reference(kind, target[1:])


def local(element: ET.Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def first(element: ET.Element, name: str, *below: str) -> ET.Element | None:
    """The first element at a path of names, whatever their namespaces; None if there is none.

    `ElementTree.find` takes several times as long where a namespace may be any.
    """
    for child in element:
        if child.tag.rpartition("}")[2] == name:
            found = first(child, *below) if below else child
            if found is not None:
                return found
    return None


def value_of(element: ET.Element | None, name: str = "val") -> str | None:
    """An attribute of an element, whatever its namespace."""
    for key, value in element.items() if element is not None else ():
        if key.rpartition("}")[2] == name:
            return value
    return None


def as_number(value: str | None, default: int) -> int:
    """A whole number of an attribute; `default` if it is none, or of no sensible size."""
    is_number = value is not None and len(value) <= _MAX_DIGITS and value.isdecimal()
    return int(value) if value is not None and is_number else default


def is_on(element: ET.Element | None) -> bool:
    """Whether a property that needs no value is there and not switched off."""
    return element is not None and value_of(element) not in ("0", "false", "off", "none")


def shown_children(element: ET.Element) -> Iterator[ET.Element]:
    """The children; of contents in several forms, that which holds text."""
    for child in element:
        if local(child) == "AlternateContent":
            forms = [form for form in child if local(form) in _CHOICES]
            shown = next((form for form in forms if _has_text(form)), None)
            yield from shown if shown is not None else ()
        else:
            yield child


def _has_text(element: ET.Element) -> bool:
    return any(local(part) == "t" and (part.text or "").strip() for part in element.iter())
