"""What an EPUB says of itself, its title and chapters, though it may not be quite right."""

import posixpath
import re
import unicodedata
from collections.abc import Iterable
from html.entities import html5
from typing import NamedTuple
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from jobs.documents.readers.limits import damaged
from jobs.documents.readers.zip_files import Archive

_CONTAINER = "META-INF/container.xml"  # OCF 3.2, section 4.2.6.3.1
_PACKAGE_ENDING = ".opf"
_MARKUP = frozenset({"application/xhtml+xml", "text/html"})
_ENDINGS = (".xhtml", ".html", ".htm")  # whatever the package calls it
_TITLE = "{*}metadata/{http://purl.org/dc/elements/1.1/}title"
_AMPERSAND = re.compile(rb"&(?!#\d{1,7};|#x[\da-fA-F]{1,6};|(?:amp|lt|gt|quot|apos);)(\w{1,30};)?")


class EpubPackage(NamedTuple):
    """The title, and the chapters' names in reading order, without the contents page."""

    title: str
    chapters: list[str]


def read_package(archive: Archive) -> EpubPackage:
    """Raises: UnreadableFileError."""
    names = _Names(archive.names)
    path = names.find(_package_path(archive, names))
    package = parse_part(archive, path)
    items = {item.get("id"): item for item in package.iterfind("{*}manifest/{*}item")}
    ids = [reference.get("idref") for reference in package.iterfind("{*}spine/{*}itemref")]
    spine = [items[item_id] for item_id in ids if item_id in items]
    folder = posixpath.dirname(path)
    chapters = _chapters(spine, folder, names) or _chapters(
        items.values(),
        folder,
        names,  # the order of a book that tells none
    )
    if not chapters:
        raise damaged("names no chapters")
    return EpubPackage(package.findtext(_TITLE) or "", chapters)


def parse_part(archive: Archive, name: str) -> ET.Element:
    """The root of a part that is XML, or nearly so. Raises: UnreadableFileError."""
    data = archive.read(name)
    try:  # expat loads nothing from outside and stops entities that grow
        return ET.fromstring(data)  # noqa: S314
    except (ET.ParseError, LookupError, ValueError):
        data = _AMPERSAND.sub(_as_xml, data.lstrip())
    try:
        return ET.fromstring(data)  # noqa: S314
    except (ET.ParseError, LookupError, ValueError) as error:
        raise damaged(f"its part {name!r} is no XML ({error})") from error


class _Names:
    """The names in an archive, found though their letters are written in another way."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = list(names)
        self._known = frozenset(self._names)
        self._by_form = {_form(name): name for name in reversed(self._names)}

    def find(self, path: str) -> str:
        """The name that `path` stands for; `path` itself if there is none."""
        plain = unquote(path)
        for name in (path, plain):
            if name in self._known:
                return name
        return self._by_form.get(_form(plain), plain)

    def first_with(self, ending: str) -> str:
        """The first name that ends so; empty if there is none."""
        return next((name for name in self._names if name.lower().endswith(ending)), "")


def _package_path(archive: Archive, names: _Names) -> str:
    if names.find(_CONTAINER) not in archive.known_names:
        return names.first_with(_PACKAGE_ENDING) or _CONTAINER
    root_file = parse_part(archive, names.find(_CONTAINER)).find(".//{*}rootfile")
    path = root_file.get("full-path", "") if root_file is not None else ""
    return path.lstrip("/")


def _chapters(items: Iterable[ET.Element], folder: str, names: _Names) -> list[str]:
    """The names of those that are pages, each once: a spine may name parts of one."""
    found: dict[str, None] = {}
    for item in items:
        href = item.get("href", "").partition("#")[0]
        is_markup = item.get("media-type") in _MARKUP or href.lower().endswith(_ENDINGS)
        if is_markup and "nav" not in item.get("properties", "").split():
            path = posixpath.normpath(posixpath.join(folder, href))
            found[names.find(path.lstrip("/"))] = None
    return list(found)


def _form(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _as_xml(found: re.Match[bytes]) -> bytes:
    """An entity of HTML by its numbers, any other ampersand as one."""
    name = (found[1] or b"").decode("ascii", "ignore")
    letters = html5.get(name, "") if name else ""
    written = "".join(f"&#{ord(letter)};" for letter in letters).encode()
    return written or b"&amp;" + (found[1] or b"")
