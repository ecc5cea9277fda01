"""Books whose package is not quite right, like those in public reports.

The reports: book-to-skill 230, epub2txt2 24, kotlin-toolkit 639 (names of chapters), anydoc 54.
"""

import io
import re
import zipfile

import pytest

from jobs.documents.readers.limits import UnreadableFileError
from tests.rows import each_row
from tests.unit.jobs.documents.readers.made_files import make_epub, make_zip
from tests.unit.jobs.documents.readers.reading import read

PACKAGE = "text/book.opf"
CONTAINER = "META-INF/container.xml"
TITLE = "A book"  # as it is made


def book(package: tuple[str, str] = ("", ""), *, name: str = "", title: str = TITLE) -> bytes:
    """A book of two chapters; `package` replaces one text of it by another."""
    made = make_epub({"a.xhtml": "<p>One.", "b.xhtml": "<p>Two."}, ["a.xhtml", "b.xhtml"])
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    text = re.sub(package[0], package[1], members[PACKAGE].decode(), count=1, flags=re.DOTALL)
    members[PACKAGE] = text.replace(TITLE, title).encode()
    if name:
        members[f"text/{name}"] = members.pop("text/a.xhtml")
    return make_zip(members)


@each_row(
    "href, name",
    [
        ("a.xhtml#start", ""),
        ("foo%20bar.xhtml", "foo bar.xhtml"),
        ("i%CC%82n.xhtml", "\u00een.xhtml"),
        ("A.XHTML", "a.xhtml"),
        ("a%20b.xhtml", "a%20b.xhtml"),
        ("/text/a.xhtml", ""),
    ],
)
def test_a_chapter_is_found_however_its_name_is_written(href: str, name: str) -> None:
    data = book(('href="a.xhtml"', f'href="{href}"'), name=name)

    assert read("epub", data).text == "One.\n\nTwo."


@each_row(
    "package",
    [
        ("<spine.*</spine>", ""),
        ("<spine.*</spine>", "<spine></spine>"),
        ("(<spine[^>]*>)", r'\1<itemref idref="nowhere"/>'),
        (r"\A", "\n <?xml version='1.0'?>"),
    ],
)
def test_the_chapters_are_read_though_the_package_is_not_right(package: tuple[str, str]) -> None:
    assert read("epub", book(package)).text == "One.\n\nTwo."


@each_row(
    "written, title",
    [("Tom & Jerry", "Tom & Jerry"), ("R&D; more", "R&D; more"), ("Tom&nbsp;&eacute;", "Tom\xa0é")],
)
def test_a_title_is_read_that_is_no_whole_xml(written: str, title: str) -> None:
    extract = read("epub", book(title=written))

    assert (extract.title, extract.text) == (title, "One.\n\nTwo.")


@each_row("path", ["/text/book.opf", "TEXT/Book.opf", None])
def test_the_package_is_found(path: str | None) -> None:
    with zipfile.ZipFile(io.BytesIO(book())) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    container = members.pop(CONTAINER)
    if path:
        members[CONTAINER] = container.replace(PACKAGE.encode(), path.encode())

    assert read("epub", make_zip(members)).text == "One.\n\nTwo."


def test_a_package_that_is_no_xml_at_all_is_damaged() -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read("epub", book((r"\A.*\Z", "no markup")))

    assert caught.value.reason == "damaged"
