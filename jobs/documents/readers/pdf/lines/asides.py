"""Notes that are set in the margin of a page, beside its text."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from jobs.documents.readers.pdf.lines.runs import Run

_SMALLER = 0.93  # of the size of the text
_GAP = 0.4  # of the font size: between the text and its margin
_FEW = 10  # one run of so many reaches into the margin
_MIN_RUNS = 3  # of a note; fewer are names or marks of changes
_MIN_CHARS = 12  # of a run, usually
_SAME_HEIGHT = 0.15  # of the font size
_SAME_SIZE = 0.5  # points


class PageParts(NamedTuple):
    """The runs of the text of a page, and those of its notes in the margin, in their order."""

    text: list[Run]
    asides: list[Run]


def part_asides(runs: list[Run]) -> PageParts:
    """The runs of a page in two parts: notes in the margin are smaller, with rows of their own."""
    sizes: Counter[float] = Counter()
    for run in runs:
        sizes[run.size] += len(run.glyphs)
    size, count = sizes.most_common(1)[0] if len(sizes) > 1 else (0.0, 0)
    is_text = 2 * count > sizes.total()
    beside = _beside(runs, size) if is_text else []
    if len(beside) < _MIN_RUNS:
        return PageParts(runs, [])
    aside = set(map(id, beside))
    text = [run for run in runs if id(run) not in aside]
    code = {run.baseline for run in text if run.is_mono}  # a line of it may be longer than others
    aside -= {id(run) for run in beside if run.is_mono and run.baseline in code}
    beside = [run for run in beside if id(run) in aside]
    if not _are_notes(beside, text):
        return PageParts(runs, [])
    return PageParts([run for run in runs if id(run) not in aside], beside)


def _beside(runs: list[Run], size: float) -> list[Run]:
    """The runs that are smaller than a text of this size and stand beside it."""
    ends = sorted(run.right for run in runs if run.size == size)
    starts = sorted(run.left for run in runs if run.size == size)
    right = ends[-1 - len(ends) // _FEW] + _GAP * size
    left = starts[len(starts) // _FEW] - _GAP * size
    return [
        run
        for run in runs
        if run.size < _SMALLER * size and (run.left > right or run.right < left) and not run.cells
    ]


def _are_notes(beside: Sequence[Run], text: Sequence[Run]) -> bool:
    """Whether runs beside a text are sentences, and no cells of what is set as small in it."""
    if len(beside) < _MIN_RUNS or median(len(run.glyphs) for run in beside) < _MIN_CHARS:
        return False
    size = median(run.size for run in beside)
    small = (run for run in text if abs(run.size - size) < _SAME_SIZE and not run.is_mono)
    heights = sorted(run.baseline for run in small)
    paired = sum(_is_beside_any(run, heights) for run in beside)
    return 2 * paired < len(beside)


def _is_beside_any(run: Run, heights: Sequence[float]) -> bool:
    """Whether one of the baselines, from the lowest up, is that of a run."""
    reach = _SAME_HEIGHT * run.size
    at = bisect_right(heights, run.baseline - reach)
    return at < len(heights) and heights[at] < run.baseline + reach
