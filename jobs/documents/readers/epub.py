"""Reads EPUB: its chapters in reading order, each by the HTML reader."""

import posixpath
import zipfile
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from jobs.documents.readers.decode import decode_markup
from jobs.documents.readers.extract import Block, Extract, assemble
from jobs.documents.readers.html.page import html_blocks
from jobs.documents.readers.limits import ReadLimits, UnreadableFileError, damaged
from jobs.documents.readers.zip_files import open_zip, read_member

_CONTAINER = "META-INF/container.xml"  # OCF 3.2, section 4.2.6.3.1
_ENCRYPTION = "META-INF/encryption.xml"
_ENCRYPTED_DATA = ".//{*}EncryptedData/{*}CipherData/{*}CipherReference"
_MARKUP = frozenset({"application/xhtml+xml", "text/html"})
_ENDINGS = (".xhtml", ".html", ".htm")  # whatever the package calls it
_OF_ONE_CHAPTER = frozenset({"damaged", "binary_content"})


class _Package(NamedTuple):
    title: str
    chapters: list[str]


def read_epub(data: bytes, limits: ReadLimits) -> Extract:
    """Raises: UnreadableFileError."""
    with open_zip(data, limits) as archive:
        package = _read_package(archive, limits)
        _refuse_encrypted(archive, package, limits)
        faults: list[str] = []
        blocks = _read_chapters(archive, package, limits, faults)
        extract = assemble(blocks, limits, title=package.title)
        if len(faults) == len(package.chapters):
            raise damaged(faults[0])
        return extract._replace(notes=_notes(faults, len(package.chapters)))


def _read_chapters(
    archive: zipfile.ZipFile, package: _Package, limits: ReadLimits, faults: list[str]
) -> Iterator[Block]:
    """The blocks of all chapters that can be read; why one cannot be is added to `faults`."""
    for name in package.chapters:
        try:
            markup = decode_markup(read_member(archive, name, limits))
        except UnreadableFileError as error:
            if error.reason not in _OF_ONE_CHAPTER:
                raise
            faults.append(str(error))
        else:
            yield from html_blocks(markup)


def _notes(faults: Sequence[str], chapter_count: int) -> tuple[str, ...]:
    if not faults:
        return ()
    return (f"{len(faults)} of {chapter_count} chapters cannot be read: it {faults[0]}",)


def _read_package(archive: zipfile.ZipFile, limits: ReadLimits) -> _Package:
    """The title, and the chapters' names in the order of the spine, without the contents page."""
    root_file = _parse(archive, _CONTAINER, limits).find(".//{*}rootfile")
    path = root_file.get("full-path", "") if root_file is not None else ""
    package = _parse(archive, path, limits)
    items = {item.get("id"): item for item in package.iterfind("{*}manifest/{*}item")}
    chapters = [
        posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(item.get("href", ""))))
        for reference in package.iterfind("{*}spine/{*}itemref")
        if (item := items.get(reference.get("idref"))) is not None
        and (item.get("media-type") in _MARKUP or item.get("href", "").endswith(_ENDINGS))
        and "nav" not in item.get("properties", "").split()
    ]
    if not chapters:
        raise damaged("names no chapters")
    title = package.findtext("{*}metadata/{http://purl.org/dc/elements/1.1/}title")
    return _Package(title or "", chapters)


def _refuse_encrypted(archive: zipfile.ZipFile, package: _Package, limits: ReadLimits) -> None:
    """Fonts may be encrypted, chapters not: that is rights management."""
    if _ENCRYPTION not in archive.namelist():
        return
    references = _parse(archive, _ENCRYPTION, limits).iterfind(_ENCRYPTED_DATA)
    if {unquote(reference.get("URI", "")) for reference in references} & set(package.chapters):
        raise UnreadableFileError(
            "password_protected", "its chapters are encrypted (DRM); give a copy without it"
        )


def _parse(archive: zipfile.ZipFile, name: str, limits: ReadLimits) -> ET.Element:
    try:  # expat loads nothing from outside and stops entities that grow
        return ET.fromstring(read_member(archive, name, limits))  # noqa: S314
    except (ET.ParseError, LookupError, ValueError) as error:
        raise damaged(f"its part {name!r} is no XML ({error})") from error
