import io
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import pytest

from jobs.documents.readers import zip_files
from jobs.documents.readers.limits import ReadLimits, UnreadableFileError
from tests.rows import each_row
from tests.unit.jobs.documents.readers.made_files import make_epub, make_zip
from tests.unit.jobs.documents.readers.reading import headings, read

MOST_MEMBERS = 100  # in these tests

if TYPE_CHECKING:
    from docx.document import Document as DocxDocument
    from pptx.presentation import Presentation as PptxPresentation


@cache
def _docx() -> bytes:
    from docx import Document  # slow to import, and not needed by the others

    document = Document()
    document.core_properties.title = "A report"
    document.add_heading("Chapter", level=1)
    document.add_paragraph("Some text.")
    document.add_paragraph("one", style="List Bullet")
    document.add_paragraph("two", style="List Bullet")
    table = document.add_table(rows=2, cols=2)
    for index, cell in enumerate(cell for row in table.rows for cell in row.cells):
        cell.text = f"c{index}"
    document.add_paragraph("The end.")
    return _saved(document)


def _saved(document: "DocxDocument | PptxPresentation") -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def test_docx_has_headings_lists_and_tables() -> None:
    extract = read("docx", _docx())

    assert (extract.title, headings(extract)) == ("A report", [(1, "Chapter")])
    assert extract.text == ("Chapter\n\nSome text.\n\n- one\n- two\n\nc0 | c1\nc2 | c3\n\nThe end.")


def test_pptx_has_a_page_a_slide_with_its_notes() -> None:
    from pptx import Presentation  # slow to import, and not needed by the others
    from pptx.util import Inches

    deck = Presentation()
    for number in (1, 2):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = f"Slide {number}"
        slide.placeholders[1].text_frame.text = f"point {number}"
    slide.notes_slide.notes_text_frame.text = "a note"
    table = slide.shapes.add_table(1, 2, Inches(1), Inches(1), Inches(3), Inches(1)).table
    table.cell(0, 0).text, table.cell(0, 1).text = "x", "y"

    extract = read("pptx", _saved(deck))

    assert headings(extract) == [(1, "Slide 1"), (1, "Slide 2")]
    assert extract.text == "Slide 1\n\n- point 1\n\nSlide 2\n\n- point 2\n\nx | y\n\na note"
    assert extract.text[extract.page_starts[1] :].startswith("Slide 2")


def test_epub_chapters_come_in_the_order_of_the_spine() -> None:
    chapters = {"b.xhtml": "<h1>Second</h1>", "a.xhtml": "<title/><h1>First</h1><p>Text.</p>"}

    extract = read("epub", make_epub(chapters, ["a.xhtml", "b.xhtml"]))

    assert (extract.title, extract.text) == ("A book", "First\n\nText.\n\nSecond")
    assert headings(extract) == [(1, "First"), (1, "Second")]


def test_an_epub_without_a_chapter_that_it_names_is_damaged() -> None:
    data = make_zip({"META-INF/container.xml": b"<container/>"})

    with pytest.raises(UnreadableFileError) as caught:
        read("epub", data)

    assert caught.value.reason == "damaged"


@cache
def _zip_of_many() -> bytes:
    """A zip file whose directory lists its one member once more than is allowed."""
    one, count = make_zip({"x": b""}), MOST_MEMBERS + 1
    end = (
        len(one) - 22
    )  # the end record: its count of members twice, then size and place of the list
    start = int.from_bytes(one[end + 16 : end + 20], "little")
    members = one[start:end] * count
    sizes = count.to_bytes(2, "little") * 2 + len(members).to_bytes(4, "little")
    return one[:start] + members + one[end : end + 8] + sizes + one[end + 16 :]


BAD_ARCHIVES: dict[str, tuple[Callable[[], bytes], str]] = {  # made where they are used
    "no zip": (lambda: b"no zip", "damaged"),
    "another zip": (lambda: make_zip({"x": b"text"}), "damaged"),
    "large member": (lambda: make_zip({"word/document.xml": bytes(3_000_000)}), "too_large"),
    "many members": (_zip_of_many, "too_large"),
    "encrypted": (lambda: bytes.fromhex("d0cf11e0a1b11ae1") + bytes(512), "password_protected"),
    "cut off": (lambda: _docx()[:-500], "damaged"),
}


@each_row("format_name", ["epub", "docx", "pptx"])
@each_row("name", BAD_ARCHIVES)
def test_bad_archives_have_their_reason(format_name: str, name: str) -> None:
    make, reason = BAD_ARCHIVES[name]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zip_files, "_MAX_MEMBERS", MOST_MEMBERS)
        with pytest.raises(UnreadableFileError) as caught:
            read(format_name, make())

    assert caught.value.reason == reason


def test_a_member_that_unpacks_to_more_than_it_declares_is_cut_there() -> None:
    name = b"a.xhtml"
    honest = make_epub({"a.xhtml": f"<p>{'x' * 500_000}</p>"}, ["a.xhtml"])
    size, lie = (500_007).to_bytes(4, "little"), (9).to_bytes(4, "little")
    assert honest.count(size) == 2
    assert name in honest

    with pytest.raises(UnreadableFileError) as caught:
        read("epub", honest.replace(size, lie), ReadLimits(100_000, 100_000))

    assert caught.value.reason == "damaged"
