"""PDFs whose pages are drawn operator by operator, for tests of where things stand on a page."""

from collections.abc import Iterable, Sequence

import pypdfium2 as pdfium  # type: ignore[import-untyped]

from tests.unit.jobs.documents.readers.made_files import encrypt, write_pdf

PROSE, CODE, WIDE = "F1", "F2", "F3"  # Helvetica, Courier, a font for any script
SYMBOLS, NAMELESS = "F4", "F5"  # TeX's, and one that draws each character equally wide
EVEN, CORNERS = "F6", "F7"  # equally wide too, but with another name; TeX's for frames
BITMAP = "F8"  # letters as pictures of 100 units a size of 1
_FONTS = (
    b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    b"<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding>>",
    b"<</Type/Font/Subtype/Type0/BaseFont/Any/Encoding/Identity-H/DescendantFonts[6 0 R]"
    b"/ToUnicode 7 0 R>>",
    b"<</Type/Font/Subtype/CIDFontType2/BaseFont/Any/CIDSystemInfo<</Registry(Adobe)"
    b"/Ordering(Identity)/Supplement 0>>/DW 1000/FontDescriptor 8 0 R>>",
)
_DESCRIPTOR = (
    b"<</Type/FontDescriptor/FontName/Any/Flags 4/FontBBox[0 -200 1000 800]/ItalicAngle 0"
    b"/Ascent 800/Descent -200/CapHeight 700/StemV 80>>"
)
_SYMBOL_FONT = b"<</Type/Font/Subtype/Type1/BaseFont/CMSY10/Encoding/WinAnsiEncoding>>"
_NAMELESS_FONT = (
    b"<</Type/Font/Subtype/Type3/FontBBox[0 0 6 8]/FontMatrix[0.1 0 0 0.1 0 0]/CharProcs<<>>"
    b"/Encoding/WinAnsiEncoding/FirstChar 32/LastChar 126/Widths[%s]>>" % (b"6 " * 95)
)
_WIDTHS = (50, 56, 44, 56, 44, 31, 50, 56, 28, 31, 53, 28, 83, 56, 50, 56, 53, 39, 39, 39, 56, 53)
_BITMAP_FONT = (
    b"<</Type/Font/Subtype/Type3/FontBBox[0 0 80 80]/FontMatrix[1 0 0 1 0 0]/CharProcs<<>>"
    b"/Encoding/WinAnsiEncoding/FirstChar 97/LastChar 118/Widths[%s]>>"
    % " ".join(map(str, _WIDTHS)).encode()
)
_EVEN_FONT, _CORNER_FONT = (
    _FONTS[2]
    .replace(b"6 0 R", _FONTS[3].replace(b"8 0 R", _DESCRIPTOR).replace(b"1000", b"600"))
    .replace(b"/Any", name)
    for name in (b"/Plainset", b"/LCIRCLE10")
)
_FIRST_PAGE = 14


def drawn_pdf(
    pages: Sequence[Iterable[bytes]],
    *,
    turn: int = 0,
    password: str | None = None,
    fields: Sequence[tuple[str, str]] = (),
    box: tuple[int, int, int, int] = (0, 0, 612, 792),
) -> bytes:
    """A PDF of these drawings; its pages are turned by `turn` degrees when shown.

    `fields` (name and value) are form fields of the first page. `box`: where the pages begin and
    end, from the left and from below.
    """
    contents = [b"\n".join(page) for page in pages]
    first_content = _FIRST_PAGE + len(pages)
    first_field = first_content + len(pages)
    if password is not None:
        contents = [
            encrypt(data, first_content + index, password) for index, data in enumerate(contents)
        ]
    references = b" ".join(b"%d 0 R" % (first_field + index) for index in range(len(fields)))
    objects = [
        *_first_objects(len(pages), references),
        *(
            _page(
                first_content + index,
                b"/MediaBox[%d %d %d %d]/Rotate %d" % (*box, turn)
                + (b"/Annots[%s]" % references if not index else b""),
            )
            for index in range(len(pages))
        ),
        *map(_stream, contents),
        *(_field(name, value, index) for index, (name, value) in enumerate(fields)),
    ]
    return write_pdf(objects, password)


def _first_objects(page_count: int, field_references: bytes) -> list[bytes]:
    """The objects before those of the pages: what lists these, and the fonts."""
    kids = b" ".join(b"%d 0 R" % (_FIRST_PAGE + index) for index in range(page_count))
    return [
        b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[%s]/DA(/F1 10 Tf)>>>>" % field_references,
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, page_count),
        *_FONTS,
        _stream(_to_unicode()),
        _DESCRIPTOR,
        _SYMBOL_FONT,
        _NAMELESS_FONT,
        _EVEN_FONT,
        _CORNER_FONT,
        _BITMAP_FONT,
    ]


def _page(content: int, more: bytes) -> bytes:
    return (
        b"<</Type/Page/Parent 2 0 R/Contents %d 0 R%s/Resources<</Font<</F1 3 0 R/F2 4 0 R"
        b"/F3 5 0 R/F4 9 0 R/F5 10 0 R/F6 11 0 R/F7 12 0 R/F8 13 0 R>>>>>>" % (content, more)
    )


def text(  # noqa: PLR0913 - as many as there are operators
    words: str,
    left: float,
    baseline: float,
    size: float = 10,
    font: str = PROSE,
    *,
    matrix: str = "1 0 0 1",
    grey: float = 0,
    spread: float = 0,
) -> bytes:
    """One text object. `spread` is added to the width of each letter, in points."""
    head = f"BT {grey} g {spread} Tc /{font} {size} Tf {matrix} {left} {baseline} Tm "
    return head.encode() + _string(words, font) + b" Tj ET"


def lines(
    rows: Iterable[str],
    left: float = 72,
    top: float = 700,
    size: float = 10,
    font: str = PROSE,
    *,
    leading: float = 12,
) -> list[bytes]:
    """Text objects below each other; the indents of code are places, not spaces."""
    return [
        text(
            row.lstrip() if font in {CODE, EVEN} else row,
            left + (len(row) - len(row.lstrip())) * 0.6 * size * (font in {CODE, EVEN}),
            top - leading * number,
            size,
            font,
        )
        for number, row in enumerate(rows)
        if row.strip()
    ]


def rule(left: float, bottom: float, right: float, top: float) -> bytes:
    """A thin line."""
    return f"0.5 w {left} {bottom} m {right} {top} l S".encode()


def thin_picture(left: float, bottom: float, right: float, top: float) -> bytes:
    """A rule as a picture of one dot."""
    place = f"q {max(right - left, 0.5)} 0 0 {max(top - bottom, 0.5)} {left} {bottom} cm"
    return place.encode() + b" BI /W 1 /H 1 /CS /G /BPC 8 ID \x00 EI Q"


def box(left: float, bottom: float, right: float, top: float, *, grey: float = 0.9) -> bytes:
    """A rectangle that is filled, as a background is."""
    return f"{grey} g {left} {bottom} {right - left} {top - bottom} re f".encode()


def picture() -> bytes:
    """A small picture, as a scanned page is one."""
    return b"q 400 0 0 600 72 72 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \x80 EI Q"


def scanned(pdf: bytes) -> bytes:
    """The first page of a PDF as a picture that fills a page."""
    bitmap = pdfium.PdfDocument(pdf)[0].render(scale=2, grayscale=True)
    size = b"/W %d /H %d" % (bitmap.width, bitmap.height)
    data = bytes(bitmap.buffer)
    rows = [data[row * bitmap.stride :][: bitmap.width] for row in range(bitmap.height)]
    return b"q 612 0 0 792 0 0 cm BI %s /CS /G /BPC 8 /F /AHx ID %s> EI Q" % (
        size,
        b"".join(rows).hex().encode(),
    )


def paragraph(words: str, width: int = 90) -> list[str]:
    """Lines of at most `width` characters."""
    rows = [""]
    for word in words.split():
        if len(rows[-1]) + len(word) >= width:
            rows.append("")
        rows[-1] = f"{rows[-1]} {word}".strip()
    return rows


def _string(words: str, font: str) -> bytes:
    if font in {WIDE, EVEN, CORNERS}:
        return b"<" + words.encode("utf-16-be").hex().encode() + b">"
    data = words.encode("cp1252")
    for special in (b"\\", b"(", b")"):
        data = data.replace(special, b"\\" + special)
    return b"(" + data + b")"


def _to_unicode() -> bytes:
    """Every code is the character of its number, but E000 (ffi) and E001 (a letter of formulas)."""
    return (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Any def "
        b"/CMapType 2 def 1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
        b"1 beginbfrange <0020> <FFEF> <0020> endbfrange\n"
        b"2 beginbfchar <E000> <006600660069> <E001> <D835DC65> endbfchar\n"
        b"endcmap end end"
    )


def _stream(data: bytes) -> bytes:
    return b"<</Length %d>>stream\n%s\nendstream" % (len(data), data)


def _field(name: str, value: str, index: int) -> bytes:
    bottom = 600 - 20 * index
    return (
        f"<</Type/Annot/Subtype/Widget/FT/Tx/T({name})/V({value})"
        f"/Rect[72 {bottom} 300 {bottom + 14}]/DA(/F1 10 Tf)/F 4>>"
    ).encode()
