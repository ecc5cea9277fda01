"""Rows of a table that have no rules between them: each entry of the first column begins one."""

from collections.abc import Sequence
from itertools import pairwise

from jobs.documents.readers.pdf.lines.regions import Row
from jobs.documents.readers.pdf.lines.runs import Run

_MIN_ENTRIES = 3  # two lines are alike by chance
_SPACE = 0.35  # of the font size
_SAME_LINE = 1.0  # points


def divided_by_entries(columns: Sequence[list[Row]]) -> list[list[list[Run]]]:
    """The rows of what stands between two rules, by column the lines; empty if it is one row.

    Lines of one cell are as long as their words allow. Where the first word of a line had room in
    the line before, they are entries of their own, and so are lines of one word.
    """
    entries = columns[0]
    if len(entries) < _MIN_ENTRIES or not all(
        _are_entries(column) for column in columns if len(column) >= _MIN_ENTRIES
    ):
        return []
    tops = [entry.baseline + _SAME_LINE for entry in entries]
    if any(line.baseline > tops[0] for column in columns for line in column):
        return []
    edges = list(pairwise([*tops, float("-inf")]))
    return [
        [
            [run for line in column if low < line.baseline <= high for run in line.runs]
            for column in columns
        ]
        for high, low in edges
    ]


def _are_entries(lines: Sequence[Row]) -> bool:
    if all(_first_word(line) >= line.right - line.left for line in lines):
        return True
    width = max(line.right for line in lines) - min(line.left for line in lines)
    return any(
        (before.right - before.left) + _SPACE * before.size + _first_word(line) < width
        for before, line in pairwise(lines)
    )


def _first_word(line: Row) -> float:
    """How wide the first word of a line is."""
    glyphs = [glyph for run in line.runs for glyph in run.glyphs]
    end = next((n for n, glyph in enumerate(glyphs) if n and glyph.is_spaced), len(glyphs))
    return glyphs[end - 1].right - glyphs[0].left
