"""Reads EPUB: its chapters in reading order, each by the HTML reader."""

from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from jobs.documents.readers.decode import decode_markup
from jobs.documents.readers.epub_package import EpubPackage, parse_part, read_package
from jobs.documents.readers.extract import Block, Extract, assemble
from jobs.documents.readers.html.page import html_blocks
from jobs.documents.readers.limits import DAMAGED, ReadLimits, UnreadableFileError, damaged
from jobs.documents.readers.zip_files import Archive, open_zip

_ENCRYPTION = "META-INF/encryption.xml"
_ENCRYPTED_DATA = ".//{*}EncryptedData/{*}CipherData/{*}CipherReference"
_OF_ONE_CHAPTER = frozenset({DAMAGED, "binary_content"})


def read_epub(data: bytes, limits: ReadLimits) -> Extract:
    """Raises: UnreadableFileError."""
    with open_zip(data, limits) as archive:
        package = read_package(archive)
        _refuse_encrypted(archive, package)
        faults: list[str] = []
        blocks = _read_chapters(archive, package, faults)
        extract = assemble(blocks, limits, title=package.title)
        if len(faults) == len(package.chapters):
            raise damaged(faults[0])
        return extract._replace(notes=_notes(faults, len(package.chapters)))


def _read_chapters(archive: Archive, package: EpubPackage, faults: list[str]) -> Iterator[Block]:
    """The blocks of all chapters that can be read; why one cannot be is added to `faults`."""
    for name in package.chapters:
        try:
            markup = decode_markup(archive.read(name))
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


def _refuse_encrypted(archive: Archive, package: EpubPackage) -> None:
    """Fonts may be encrypted, chapters not: that is rights management."""
    if _ENCRYPTION not in archive.known_names:
        return
    references = parse_part(archive, _ENCRYPTION).iterfind(_ENCRYPTED_DATA)
    if {unquote(reference.get("URI", "")) for reference in references} & set(package.chapters):
        raise UnreadableFileError(
            "password_protected", "its chapters are encrypted (DRM); give a copy without it"
        )
