"""The lines of a PDF page in reading order, with where and how they are set."""

from itertools import takewhile
from statistics import median
from typing import NamedTuple

import pypdfium2 as pdfium  # type: ignore[import-untyped]

from jobs.documents.readers.pdf.glyphs.accents import with_accents
from jobs.documents.readers.pdf.glyphs.bitmap_fonts import with_sizes
from jobs.documents.readers.pdf.glyphs.page_glyphs import Glyph, page_glyphs
from jobs.documents.readers.pdf.glyphs.pitch import with_pitch
from jobs.documents.readers.pdf.glyphs.signs import with_bullets
from jobs.documents.readers.pdf.glyphs.twice import drawn_once
from jobs.documents.readers.pdf.glyphs.underscores import with_underscores
from jobs.documents.readers.pdf.lines.asides import part_asides
from jobs.documents.readers.pdf.lines.code_marks import signs_of, without_arrow, without_button
from jobs.documents.readers.pdf.lines.code_text import code_text, pitch_of
from jobs.documents.readers.pdf.lines.joints import Printed, join_pieces
from jobs.documents.readers.pdf.lines.letter_columns import with_letter_columns
from jobs.documents.readers.pdf.lines.line_numbers import without_numbers
from jobs.documents.readers.pdf.lines.line_text import (
    WRAPPED,
    defined_tag,
    line_text,
    starts_raised,
)
from jobs.documents.readers.pdf.lines.regions import Row, page_regions, rows_of
from jobs.documents.readers.pdf.lines.runs import Run, are_code, gaps, is_rtl, page_runs, run_of
from jobs.documents.readers.pdf.tables.aligned import Part, TableRow, split_rows
from jobs.documents.readers.pdf.tables.ruled import put_into_grids
from jobs.documents.readers.pdf.tables.rules import grids_of, page_rules

ASIDE = -1  # the region of notes in the margin, which stand behind the others
CELL_GLUE = " | "
_NEAR_NAME = 2.3  # times the font size, as the next one
_LEVEL = 0.3
_OPENING = frozenset("([{<\"'“‘«•‣◦▪●–-")  # these begin prose, too
_COMMENT_SIGNS = ("#", "##", "###", "//", "/*", "%", "%%", ";", ";;")  # before words in prose
_SAMPLE = 500  # glyphs
_MIN_WIDTHLESS = 6
_NO_WIDTH = 0.001  # points
_WIDTHLESS_SHARE = 0.2


class Line(NamedTuple):
    """One line of text, or one row of a table. Lengths are in points.

    Heights count up from the lower edge of the page as it is to be held; so what is drawn outside
    of it, below, is below 0.

    `bottom` is the last baseline of a table's row, else `baseline`. `pitch`: the width of a
    character of code, 0 for prose. `cells`: how many a row has, 0 if it is no row of a table.
    A line that runs from right to left has mirrored `left` and `right`: it begins at `left`.
    `turned`: set along another direction than the page; `is_aslant`: along none of its edges.
    `region`: which column of its page, or ASIDE. `widest_gap`: as a share of the font size.
    `starts_raised`: it begins with a raised number, as a note does.
    """

    text: str
    left: float
    right: float
    baseline: float
    bottom: float
    size: float
    pitch: float = 0.0
    cells: int = 0
    is_rtl: bool = False
    is_pale: bool = False
    turned: bool = False
    is_aslant: bool = False
    region: int = 0
    widest_gap: float = 0.0
    starts_mono: bool = False
    ends_mono: bool = False
    starts_raised: bool = False

    @property
    def is_mono(self) -> bool:
        """Whether it is set in a typewriter font."""
        return self.pitch > 0

    @property
    def printed(self) -> Printed:
        """What is to be joined with other lines."""
        return Printed(self.text, self.starts_mono, self.ends_mono)


class PageLines(NamedTuple):
    """The lines of a page in reading order, without empty ones; turned ones are last.

    `has_lost_letters`: its letters have no width, and PDFium drops those that overlap.
    """

    lines: list[Line]
    has_lost_letters: bool


def page_lines(page: pdfium.PdfPage) -> PageLines:
    """What is set on a page."""
    text_page = page.get_textpage()
    try:
        glyphs = page_glyphs(text_page)
    finally:
        text_page.close()
    rules = [] if glyphs.turns else page_rules(page)
    sized = with_sizes(glyphs.glyphs, glyphs.fonts)
    drawn = drawn_once(with_pitch(sized, glyphs.fonts))
    marked = with_bullets(with_accents(with_underscores(drawn, rules)))
    runs = with_letter_columns(page_runs(marked))
    parts = part_asides(put_into_grids(runs, grids_of(rules, runs)))
    lines = [
        _line(part, number)
        for number, rows in enumerate(page_regions(parts.text))
        for part in split_rows(without_numbers(rows))
    ]
    asides = [_text_line(row, ASIDE) for row in rows_of(parts.asides)]
    lines = _with_names(lines, [line for line in asides if line.is_mono])
    lines += [line for line in asides if not line.is_mono]
    lines += map(_turned_line, glyphs.others)
    found = _above_edge([line for line in lines if line.text], _lower_edge(page, glyphs.turns))
    return PageLines(found, _are_widthless(glyphs.glyphs))


def _with_names(lines: list[Line], names: list[Line]) -> list[Line]:
    """The lines of a page with the names of code in its margin before what is said of them."""
    placed: list[Line] = []
    at = 0
    for before, name in zip([None, *names], names, strict=False):
        if before is None or before.baseline - name.baseline > _NEAR_NAME * name.size:
            start, height = at, name.baseline + _LEVEL * name.size
            while at < len(lines) and lines[at].baseline >= height:
                at += 1
            placed += lines[start:at]
        placed.append(name)
    return placed + lines[at:]


def _lower_edge(page: pdfium.PdfPage, turns: int) -> float:
    """Where the page ends below, as baselines are counted."""
    left, bottom, right, top = page.get_bbox()
    return float((bottom, -right, -top, left)[turns])


def _above_edge(lines: list[Line], edge: float) -> list[Line]:
    """The lines with their heights above the lower edge of the page."""
    if not edge:
        return lines
    return [
        line._replace(baseline=round(line.baseline - edge, 2), bottom=round(line.bottom - edge, 2))
        for line in lines
    ]


def _are_widthless(glyphs: list[Glyph]) -> bool:
    sample = glyphs[:_SAMPLE]
    widthless = sum(glyph.right - glyph.left < _NO_WIDTH for glyph in sample)
    return widthless > max(_MIN_WIDTHLESS, _WIDTHLESS_SHARE * len(sample))


def _line(part: Part, region: int) -> Line:
    return (_table_line if isinstance(part, TableRow) else _text_line)(part, region)  # type: ignore[arg-type]


def _text_line(row: Row, region: int) -> Line:
    whole = without_button(row)
    row = without_arrow(whole)
    is_mono = _is_mono(row)
    pitch = pitch_of(row.runs) if is_mono else 0.0
    first = row.runs[0].glyphs
    rtl = _is_rtl(row)
    text = code_text(row.runs, pitch) if is_mono else _text_of(row.runs)
    return Line(
        text=text + WRAPPED if is_mono and row is not whole else text,
        left=-row.right if rtl else row.left,
        right=-row.left if rtl else row.right,
        baseline=row.baseline,
        bottom=row.baseline,
        size=row.size,
        pitch=pitch,
        is_rtl=rtl,
        is_pale=all(glyph.style.is_pale for glyph in first),
        region=region,
        widest_gap=max(gaps(row.runs), default=0.0),
        starts_mono=_starts_mono(row),
        ends_mono=_ends_mono(row),
        starts_raised=starts_raised(row.runs),
    )


def _text_of(runs: list[Run]) -> str:
    """The text of a row. Texinfo sets what is defined at the margin: it goes first."""
    tag = defined_tag(runs)
    return f"{tag} {line_text(runs[:-1])}" if tag else line_text(runs)


def _is_mono(row: Row) -> bool:
    """Whether a row is code: all of it is in a typewriter font, but for a symbol at its start."""
    first = row.runs[0].glyphs[0]
    rest = row.runs[1:] if len(row.runs[0].glyphs) == 1 and len(row.runs) > 1 else row.runs
    starts = first.style.is_mono or not (first.char.isalnum() or first.char in _OPENING)
    if _is_comment(row):
        return True
    return (starts or _is_tag(row)) and are_code(rest) and not _ends_in_prose(row)


def _is_comment(row: Row) -> bool:
    """Whether a row begins with the sign of a comment, whose words are set as prose is."""
    sign = list(takewhile(lambda glyph: glyph.style.is_mono, row.runs[0].glyphs))
    rest = row.runs[0].glyphs[len(sign) :]
    return bool(rest) and rest[0].is_spaced and signs_of(sign) in _COMMENT_SIGNS


def _ends_in_prose(row: Row) -> bool:
    """Whether the last word is set as prose is, without the sign of a comment before it."""
    glyphs = row.runs[-1].glyphs
    prose = list(takewhile(lambda glyph: not glyph.style.is_mono, reversed(glyphs)))[::-1]
    text = "".join([glyph.char for glyph in prose])
    if signs_of(glyphs[: len(glyphs) - len(prose)][-2:]).endswith(_COMMENT_SIGNS):
        return False
    is_apart = len(prose) < len(glyphs) and prose[0].is_spaced if prose else False
    return is_apart and len(text) > 1 and text.isalpha()


def _is_tag(row: Row) -> bool:
    """Whether a row is of XML, though TeX sets its first sign in another font."""
    first, last = row.runs[0].glyphs, row.runs[-1].glyphs
    is_open = first[0].char == "<" and len(first) > 1
    return is_open and (last[-1].char == ">" or first[1].char in "!?/")


def _table_line(row: TableRow, region: int) -> Line:
    rows = [line for cell in row.cells for line in cell]
    return Line(
        text=CELL_GLUE.join(join_pieces(list(map(_printed, cell))) for cell in row.cells),
        left=min(line.left for line in rows),
        right=max(line.right for line in rows),
        baseline=row.baseline,
        bottom=row.bottom,
        size=median(line.size for line in rows),
        cells=len(row.cells),
        region=region,
    )


def _printed(row: Row) -> Printed:
    return Printed(line_text(row.runs), _starts_mono(row), _ends_mono(row))


def _starts_mono(row: Row) -> bool:
    return row.runs[0].glyphs[0].style.is_mono


def _ends_mono(row: Row) -> bool:
    return row.runs[-1].glyphs[-1].style.is_mono


def _turned_line(glyphs: list[Glyph]) -> Line:
    run = run_of(glyphs)
    is_pale = glyphs[0].style.is_pale
    return Line(
        line_text([run]), run.left, run.right, run.baseline, run.baseline, run.size,
        is_pale=is_pale, turned=True, is_aslant=glyphs[0].style.turns is None,
    )  # fmt: skip


def _is_rtl(row: Row) -> bool:
    letters = [glyph.char for run in row.runs for glyph in run.glyphs[:8] if glyph.char.isalpha()]
    return sum(map(is_rtl, letters)) * 2 > len(letters)
