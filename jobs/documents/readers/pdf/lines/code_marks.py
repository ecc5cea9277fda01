"""What stands beside code and is none: arrows where a line was too long, buttons of a browser."""

from jobs.documents.readers.pdf.glyphs.page_glyphs import Glyph
from jobs.documents.readers.pdf.lines.regions import Row
from jobs.documents.readers.pdf.lines.runs import are_code, run_of

BUTTONS = frozenset({">>>", "Copy", "copy"})
ARROWS = frozenset({"←-", "←֓", "↩", "↵", "⏎"})  # the first is how TeX puts it together
_ARROW_LENGTHS = (1, 2)
_FAR = 4.0  # times the font size


def without_arrow(row: Row) -> Row:
    """A row of code without the arrow at its end that says that the line was too long."""
    *rest, last = row.runs
    for length in _ARROW_LENGTHS:
        code, tail = last.glyphs[:-length], last.glyphs[-length:]
        if signs_of(tail) in ARROWS and tail[0].is_spaced and code:
            runs = [*rest, run_of(code)]  # it stands near the code
            return row._replace(runs=runs) if are_code(runs) else row
    return _without_last(row, ARROWS)


def without_button(row: Row) -> Row:
    """A row of code without the button that a browser prints in its corner."""
    *rest, last = row.runs
    is_far = bool(rest) and last.left - rest[-1].right > _FAR * last.size
    return _without_last(row, BUTTONS) if is_far else row


def _without_last(row: Row, signs: frozenset[str]) -> Row:
    *rest, last = row.runs
    if rest and signs_of(last.glyphs) in signs and are_code(rest):
        return row._replace(runs=rest)
    return row


def signs_of(glyphs: list[Glyph]) -> str:
    """The characters of glyphs, without spaces."""
    return "".join([glyph.char for glyph in glyphs])
