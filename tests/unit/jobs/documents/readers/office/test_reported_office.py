"""Office files and books like those in public reports about other readers.

The reports: office_oxide 149, 150 and 271; markitdown 1087 and 1381; mammoth.js 71, 343 and 424;
onyx 14773; xberg 1377 and 1489.
"""

import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from jobs.documents.readers.limits import UnreadableFileError
from tests.rows import each_row
from tests.unit.jobs.documents.readers.made_files import make_epub, make_zip
from tests.unit.jobs.documents.readers.office.made_office import make_docx, make_pptx, paragraph
from tests.unit.jobs.documents.readers.reading import read

if TYPE_CHECKING:
    from pptx.presentation import Presentation as PptxPresentation


def _line(text: str, properties: str = "") -> str:
    return f"<a:p>{properties}<a:r><a:t>{text}</a:t></a:r></a:p>"


def _counted(level: int, kind: str, start: int = 1) -> str:
    return f'<a:pPr lvl="{level}"><a:buAutoNum type="{kind}" startAt="{start}"/></a:pPr>'


def test_numbers_and_bullets_of_a_text_box_are_those_of_its_paragraphs() -> None:
    lines = (
        _line("First:"),
        _line("Open.", _counted(0, "arabicPeriod", 3)),
        _line("Left.", _counted(1, "alphaLcParenR")),
        _line("Right.", _counted(1, "alphaLcParenR")),
        _line("Close.", _counted(0, "arabicPeriod", 3)),
        _line("Mind.", '<a:pPr><a:buChar char="•"/></a:pPr>'),
        _line("Again.", _counted(0, "romanUcParenBoth")),
    )

    text = read("pptx", make_pptx(f"<p:sp><p:txBody>{''.join(lines)}</p:txBody></p:sp>")).text

    assert text == "First:\n\n3. Open.\n  a) Left.\n  b) Right.\n4. Close.\n- Mind.\n(I) Again."


def test_paragraphs_of_a_body_have_the_bullets_of_its_master() -> None:
    from pptx import Presentation  # slow to import, and not needed by the others
    from pptx.util import Inches

    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Pump"
    frame = slide.placeholders[1].text_frame
    frame.text = "Top"
    for text, level in (("Inner", 1), ("Next", 0)):
        line = frame.add_paragraph()
        line.text, line.level = text, level
    box = slide.shapes.add_textbox(Inches(1), Inches(1), Inches(1), Inches(1))
    box.text_frame.text = "Plain"

    assert _read_deck(deck) == "Pump\n\n- Top\n  - Inner\n- Next\n\nPlain"


def test_code_between_prose_on_a_slide_keeps_its_lines_and_indents() -> None:
    def code(words: str) -> str:
        run = f"<a:r><a:rPr><a:latin typeface='Courier New'/></a:rPr><a:t>{words}</a:t></a:r>"
        return f"<a:p>{run}</a:p>"

    lines = _line("Like this:"), code("if x:"), code("    y = 1"), _line("And so on.")

    text = read("pptx", make_pptx(f"<p:sp><p:txBody>{''.join(lines)}</p:txBody></p:sp>")).text

    assert text == "Like this:\n\nif x:\n    y = 1\n\nAnd so on."


def test_a_chart_is_a_table_of_its_numbers() -> None:
    from pptx import Presentation  # slow to import, and not needed by the others
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE
    from pptx.util import Inches

    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    data = CategoryChartData()  # type: ignore[no-untyped-call]
    data.categories = ["East", "West"]
    for name, values in (("2024", (0.1 + 0.2, 5)), ("2025", (7, None))):
        data.add_series(name, values)  # type: ignore[no-untyped-call]
    place = (Inches(1), Inches(1), Inches(4), Inches(3))
    chart = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *place, data).chart
    chart.has_title, chart.chart_title.text_frame.text = True, "Sales"

    lines = _read_deck(deck).split("\n")

    assert [lines[0], *(line.strip(" |") for line in lines[-3:])] == [
        *("Sales", "2024 | 2025", "East | 0.3 | 7", "West | 5"),
    ]


def test_a_diagram_in_a_docx_is_read() -> None:
    words = "".join(f"<a:p><a:r><a:t>{word}</a:t></a:r></a:p>" for word in ("top", "middle"))
    body = "<w:p><w:r><w:drawing><a:relIds r:dm='id1'/></w:drawing></w:r></w:p>"

    text = read("docx", make_docx(paragraph("Before.") + body, data=words)).text

    assert text == "Before.\n\ntop\nmiddle"


@each_row(
    "name, data, text",
    [
        (
            "a.html",
            b"<html><head><title>no</title></head><body><h1>Hi</h1><p>x<br/>y",
            "Hi\n\nx\ny",
        ),
        (
            "a.mht",
            b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=B\n\n--B\nContent-Type: "
            b"text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n<p>caf=C3=A9"
            b"</p>\n--B\nContent-Type: image/png\n\nxxx\n--B--\n",
            "café",
        ),
        ("a.txt", b"one & two", "one & two"),
        ("a.bin", b"\0\1", ""),
    ],
)
def test_a_file_that_a_docx_includes_is_read(name: str, data: bytes, text: str) -> None:
    docx = make_docx(paragraph("Before.") + "<w:altChunk r:id='id1'/>", aFChunk="")

    extract = read("docx", _with_file(docx, "aFChunk.xml", name, data))

    assert extract.text == "\n\n".join(filter(None, ("Before.", text)))


@each_row(
    "lines, text",
    [
        (("The pump starts slowly.",), "The pump starts slowly."),
        (("The pump starts.", "The filter is clean."), "The pump starts.\n\nThe filter is clean."),
        (("if x:", "\ty = 1"), "if x:\n\n\ty = 1"),
    ],
)
def test_a_first_line_that_is_indented_makes_no_code(lines: tuple[str, ...], text: str) -> None:
    indented = (line if line.startswith(("if", "\t")) else f"\t{line}" for line in lines)

    assert read("docx", make_docx("".join(map(paragraph, indented)))).text == text


def test_an_accent_of_an_equation_is_over_its_letter() -> None:
    letter = "<m:e><m:r><m:t>x</m:t></m:r></m:e>"
    accents = f'<m:acc>{letter}</m:acc><m:acc><m:accPr><m:chr m:val="&#x304;"/></m:accPr>{letter}'

    assert read("docx", make_docx(f"<w:p><m:oMath>{accents}</m:acc></m:oMath></w:p>")).text == "x̂x̄"


def test_names_with_backslashes_are_found() -> None:
    with zipfile.ZipFile(io.BytesIO(make_docx(paragraph("Text.")))) as archive:
        members = {name.replace("/", "\\"): archive.read(name) for name in archive.namelist()}

    assert read("docx", make_zip(members)).text == "Text."


def test_entities_that_a_chapter_declares_are_their_text() -> None:
    chapter = (
        "<?xml version='1.0'?><!DOCTYPE html [<!ENTITY pump 'The pump'>\n<!ENTITY % x SYSTEM 'y'>]>"
        "<html><body><p>&pump; starts.</p></body></html>"
    )

    assert read("epub", make_epub({"a": chapter}, ["a"])).text == "The pump starts."


def test_a_book_is_read_though_a_chapter_is_missing() -> None:
    data = _without(make_epub({"a": "<p>One.", "b": "<p>Two.", "c": "<p>Three."}, "abc"), "text/b")

    extract = read("epub", data)

    assert extract.text == "One.\n\nThree."
    assert extract.notes == (
        "1 of 3 chapters cannot be read: it lacks its part 'text/b'; get a whole copy of the file",
    )


def test_a_book_without_any_chapter_is_damaged() -> None:
    data = _without(make_epub({"a": "<p>One."}, "a"), "text/a")

    with pytest.raises(UnreadableFileError) as caught:
        read("epub", data)

    assert caught.value.reason == "damaged"


def test_a_chapter_is_known_by_its_name_whatever_the_package_calls_it() -> None:
    book = make_epub({"a.xhtml": "<p>One."}, ["a.xhtml"])
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    package = members["text/book.opf"].replace(b"application/xhtml+xml", b"text/xml")

    assert read("epub", make_zip({**members, "text/book.opf": package})).text == "One."


def _read_deck(deck: "PptxPresentation") -> str:
    buffer = io.BytesIO()
    deck.save(buffer)
    return read("pptx", buffer.getvalue()).text


def _with_file(data: bytes, placeholder: str, name: str, content: bytes) -> bytes:
    """An Office file that includes `name` where it would have had a part of its own."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {path: archive.read(path) for path in archive.namelist()}
    relations = "word/_rels/document.xml.rels"
    members[relations] = members[relations].replace(placeholder.encode(), name.encode())
    return make_zip({**members, f"word/{name}": content})


def _without(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {path: archive.read(path) for path in archive.namelist() if path != name}
    return make_zip(members)
