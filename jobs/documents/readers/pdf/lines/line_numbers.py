"""Numbers that printers set, smaller, before lines of code: they are no part of it."""

from jobs.documents.readers.pdf.lines.regions import Row
from jobs.documents.readers.pdf.lines.runs import Run, are_code

_SIZE = 0.75  # of the size of the code beside it
_RAISED = 0.1  # the same
_SAME_PLACE = 1.0  # points


def without_numbers(rows: list[Row]) -> list[Row]:
    """The rows of a region, those of code without their numbers, without numbers of empty lines."""
    numbered = list(map(_has_number, rows))
    if not any(numbered):
        return rows
    numbers = [row.runs[0] for row, is_one in zip(rows, numbered, strict=True) if is_one]
    return [
        row._replace(runs=row.runs[1:]) if is_one else row
        for row, is_one in zip(rows, numbered, strict=True)
        if is_one or not _is_below(row, numbers)
    ]


def _has_number(row: Row) -> bool:
    """Whether a row is code with a number before it that is set smaller, and no note's mark."""
    first, *rest = row.runs
    if not (rest and _is_number(first) and are_code(rest)):
        return False
    size = rest[0].size
    is_raised = first.baseline - rest[0].baseline > _RAISED * size
    return first.size <= _SIZE * size and not is_raised


def _is_number(run: Run) -> bool:
    return not run.cells and all([glyph.char.isdecimal() for glyph in run.glyphs])


def _is_below(row: Row, numbers: list[Run]) -> bool:
    """Whether a row is nothing but a number, set as these are and where they are."""
    only, *rest = row.runs
    return (
        not rest
        and _is_number(only)
        and any(
            only.size == number.size and abs(only.right - number.right) < _SAME_PLACE
            for number in numbers
        )
    )
