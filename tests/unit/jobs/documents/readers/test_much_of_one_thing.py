"""Files with much of one thing, however it is put together: the work grows as the file does."""

import io
import zipfile
from collections.abc import Callable
from textwrap import indent

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import Parser

from jobs.documents.readers.limits import ReadLimits, UnreadableFileError
from jobs.documents.readers.markup.rst import inlines
from jobs.documents.readers.markup.rst.inlines import make_inliner
from tests.rows import each_row
from tests.unit.jobs.documents.readers.counted_work import work_of
from tests.unit.jobs.documents.readers.made_files import make_epub, make_zip
from tests.unit.jobs.documents.readers.office.made_office import make_docx, make_pptx, paragraph
from tests.unit.jobs.documents.readers.reading import read

Made = Callable[[int], bytes]
FEW = 30
QUIET = {"report_level": 5, "halt_level": 5}
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STYLED = paragraph("a", '<w:pStyle w:val="s"/>')


def _listed(number: int, level: int = 0) -> str:
    place = f'<w:ilvl w:val="{level}"/><w:numId w:val="{number}"/>'
    return paragraph("a", f"<w:numPr>{place}</w:numPr>")


def _of_one_style(count: int) -> bytes:
    style = f'<w:style w:styleId="s">{"<w:x/>" * count}</w:style>'
    return make_docx(_STYLED * count, styles=style)


def _numbered(count: int, *, abstract_count: int, levels: str) -> bytes:
    """Paragraphs each with a numbering of its own, made after one of so many."""
    made = "".join(
        f'<w:abstractNum w:abstractNumId="{number}">{levels}</w:abstractNum>'
        for number in range(abstract_count)
    )
    numbers = "".join(
        f'<w:num w:numId="{number}"><w:abstractNumId w:val="{number % abstract_count}"/></w:num>'
        for number in range(count)
    )
    return make_docx("".join(map(_listed, range(count))), numbering=made + numbers)


def _restarted(count: int) -> bytes:
    override = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
    body = "".join(_listed(1, level) for level in range(count))
    return make_docx(body, numbering=f'<w:num w:numId="1">{override * count}</w:num>')


def _table(*rows: str) -> bytes:
    return make_docx(f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}</w:tbl>")


def _cell(properties: str) -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph('a')}</w:tc>"


_BEGUN, _CONTINUED = _cell('<w:vMerge w:val="restart"/>'), _cell("<w:vMerge/>")
DOCX: dict[str, Made] = {
    "parts of a style": _of_one_style,
    "levels of a numbering": lambda n: _numbered(
        n, abstract_count=1, levels='<w:lvl w:ilvl="0"/>' * n
    ),
    "linked numberings": lambda n: _numbered(
        n, abstract_count=n, levels='<w:numStyleLink w:val="x"/>'
    ),
    "levels begun anew": _restarted,
    "cells over two rows": lambda n: _table(_BEGUN * n, _CONTINUED * n),
    "cells in one column": lambda n: _table(
        _cell('<w:gridSpan w:val="0"/>') * n, *[_CONTINUED] * n
    ),
}


def _slide_of(properties: str, count: int) -> bytes:
    body = "<a:p><a:r><a:t>a</a:t></a:r></a:p>" * count
    return make_pptx(f"<p:sp><p:txBody>{properties}{body}</p:txBody></p:sp>")


def _with_layout(count: int) -> bytes:
    """A slide whose shapes look for their places in a layout with as many others."""
    slide, layout = (
        make_pptx("".join(map(_placed, range(start, start + count)))) for start in (0, count)
    )
    with zipfile.ZipFile(io.BytesIO(layout)) as archive:
        tree = archive.read("ppt/slides/slide0.xml")
    relation = f'<r><x Id="l" Type="{_OFFICE}/slideLayout" Target="../layout.xml"/></r>'
    return _with_members(
        slide, {"ppt/layout.xml": tree, "ppt/slides/_rels/slide0.xml.rels": relation.encode()}
    )


def _placed(index: int) -> str:
    place = f'<p:nvSpPr><p:nvPr><p:ph idx="{index}"/></p:nvPr></p:nvSpPr>'
    return f"<p:sp>{place}<p:txBody><a:p><a:r><a:t>a</a:t></a:r></a:p></p:txBody></p:sp>"


def _with_members(package: bytes, members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO(package)
    with zipfile.ZipFile(buffer, "a") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


PPTX: dict[str, Made] = {
    "parts of a list's style": lambda n: _slide_of(f"<a:lstStyle>{'<a:x/>' * n}</a:lstStyle>", n),
    "parts of a level": lambda n: _slide_of(
        f"<a:lstStyle><a:lvl1pPr>{'<a:x/>' * n}</a:lvl1pPr></a:lstStyle>", n
    ),
    "places of a layout": _with_layout,
}


def _odt(body: str, styles: str = "") -> bytes:
    names = " ".join(f'xmlns:{name}="{name}"' for name in ("office", "text", "style", "table"))
    inner = f"<office:automatic-styles>{styles}</office:automatic-styles>"
    text = f"<office:body><office:text>{body}</office:text></office:body>"
    return make_zip({"content.xml": f"<office:doc {names}>{inner}{text}</office:doc>".encode()})


def _odt_lists(count: int) -> bytes:
    item = "<text:list-item><text:p>a</text:p></text:list-item>"
    level = '<text:list-level-style-number text:level="9"/>'
    return _odt(
        f'<text:list text:style-name="s">{item}</text:list>' * count,
        f'<text:list-style style:name="s">{level * count}</text:list-style>',
    )


def _odt_styled(count: int) -> bytes:
    return _odt(
        '<text:p text:style-name="s">a</text:p>' * count,
        f'<style:style style:name="s">{"<style:x/>" * count}</style:style>',
    )


ODT: dict[str, Made] = {"parts of a style": _odt_styled, "levels of a list's style": _odt_lists}


@each_row(
    "format_name, name, made",
    [
        (format_name, name, made)
        for format_name, all_made in (("docx", DOCX), ("pptx", PPTX), ("odt", ODT))
        for name, made in all_made.items()
    ],
)
def test_the_work_grows_as_the_file_does(format_name: str, name: str, made: Made) -> None:
    few, many = made(FEW), made(FEW * 4)
    read(format_name, made(1))  # what is imported and prepared once

    more_work = work_of(lambda: read(format_name, many))

    assert more_work < 4 * work_of(lambda: read(format_name, few)), name


def test_labels_that_nothing_closes_cost_little_more_than_others() -> None:
    closed, opened = b"[a] " * 200, b"[a][" * 200
    read("markdown", closed[:4])

    work = work_of(lambda: read("markdown", opened))

    assert work < 4 * work_of(lambda: read("markdown", closed))


def test_parts_of_a_long_paragraph_are_looked_for_among_few() -> None:
    words = [f"|a{number}|" for number in range(300)]

    tree = publish_doctree(
        " ".join(words), parser=Parser(inliner=make_inliner()), settings_overrides=QUIET
    )

    assert max(map(len, tree.findall(nodes.Element))) <= 64
    assert read("rst", " ".join(words)).text == " ".join(words)


def test_lines_across_a_page_are_not_compared_with_all_beside_them() -> None:
    page = "begin\n\n====\n\n"
    read("rst", page)

    work = work_of(lambda: read("rst", page * 240))

    assert work < 4.5 * work_of(lambda: read("rst", page * 60))
    assert read("rst", "A\n\n====\n\nB\n\n----\n").text == "A\n\nB"


def test_terms_of_one_definition_are_not_compared_with_each_other() -> None:
    page = ".. glossary::\n\n" + "   a\n" * 100
    read("rst", ".. glossary::\n\n   a\n")

    work = work_of(lambda: read("rst", page + "   a\n" * 300))

    assert work < 4.5 * work_of(lambda: read("rst", page))
    assert read("rst", page + "      It.\n").text == "a\n" * 100 + "It."


def test_what_numbers_all_sections_does_so_once() -> None:
    page = "A\n=\n\n.. sectnum::\n\n"
    read("rst", page)

    work = work_of(lambda: read("rst", page * 80))

    assert work < 4.5 * work_of(lambda: read("rst", page * 20))
    assert read("rst", page * 2).text.split() == ["1", "A", "2", "A"]


def test_code_that_shows_what_numbers_sections_stays_as_it_is() -> None:
    shown = ".. sectnum::\n.. target-notes::\n.. sectnum::\n.. target-notes::"

    page = f"A\n=\n\n.. sectnum::\n\nShow::\n\n{indent(shown, '    ')}\n\n.. sectnum::\n"

    assert read("rst", page).text == f"1 A\n\nShow:\n\n{shown}"


def test_a_paragraph_longer_than_any_is_parsed_in_pieces() -> None:
    plain = "word " * 80
    page = f"{plain}*word* " * 50
    assert len(page) > inlines._MAX_CHARS

    assert read("rst", page).text == (f"{plain}word " * 50).strip()


def test_a_chapter_that_a_book_names_again_stands_once_in_its_text() -> None:
    book = make_epub({"a.xhtml": "<p>One.", "b.xhtml": "<p>Two."}, ["a.xhtml", "b.xhtml"] * 99)

    assert read("epub", book).text == "One.\n\nTwo."


def test_a_part_that_is_named_again_and_again_is_read_within_the_limits() -> None:
    chart = '<w:p><w:r><w:chart r:id="id1"/></w:r></w:p>'
    document = make_docx(chart * 99, chart="<w:x/>" * 9_000)

    with pytest.raises(UnreadableFileError, match="some parts more than once") as caught:
        read("docx", document, ReadLimits(max_data_bytes=200_000, max_text_bytes=1_000))

    assert caught.value.reason == "too_large"


def test_cells_that_stand_again_and_again_within_each_other_do_not_multiply() -> None:
    cell = '<table:table-cell table:number-columns-repeated="50">'
    inner = "<text:p>a</text:p>"
    for _ in range(4):
        row = f"<table:table-row>{cell}{inner}</table:table-cell></table:table-row>"
        inner = f"<table:table>{row}</table:table>"

    text = read("odt", _odt(inner)).text

    assert text.count("a") <= 50
