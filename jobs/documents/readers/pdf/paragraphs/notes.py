"""The notes at the foot of PDF pages: their labels, in brackets as their marks, and their place."""

import re
from collections.abc import Iterator, Sequence
from statistics import median_low
from typing import NamedTuple

from jobs.documents.readers.extract import PARAGRAPH, Block
from jobs.documents.readers.pdf.lines.page_lines import Line

NOTE_SIZE = 0.93  # of the size of most lines of the page; smaller ones may be notes
LABEL = re.compile(r"\[(\d{1,3})\] ")
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_AS_DIGITS = str.maketrans(_RAISED, "0123456789")
_RAISED_LABEL = re.compile(r"(\d{1,3})(?:\s+(?=\S)|(?=[^\s\d]))")
_COUNTED = "年月日時分秒回個章節頁点割"  # what a number counts, before other Japanese words
_START = rf"[A-Z]|(?![{_COUNTED}])[\u3041-\u30ff\u4e00-\u9fff]"
_LABEL = re.compile(rf"(\d{{0,2}}[{_RAISED}]{{1,3}}|[1-9]\d{{0,2}}(?={_START}))\s?(?=\S)")
_MARK = re.compile(rf" ?(\d{{0,2}}[{_RAISED}]{{1,3}})(?!\d)")


def label_notes(lines: list[Line]) -> list[Line]:
    """The lines of a page; the small ones that begin with a raised number begin with `[1] `.

    A mark that a font has as a character of its own is written as those that are raised are.
    """
    if not lines:
        return lines
    usual = median_low([line.size for line in lines])
    labelled = [_labelled(line) if line.size < NOTE_SIZE * usual else line for line in lines]
    labels = {found[1] for line in labelled if (found := LABEL.match(line.text))}
    return [_with_marks(line, labels) for line in labelled] if labels else lines


def _labelled(line: Line) -> Line:
    found = (_RAISED_LABEL if line.starts_raised else _LABEL).match(line.text)
    if found is None:
        return line
    label = found[1].translate(_AS_DIGITS)
    return line._replace(text=f"[{label}] {line.text[found.end() :]}")


def _with_marks(line: Line, labels: set[str]) -> Line:
    if line.text.isascii() or line.is_mono:
        return line

    def write(mark: re.Match[str]) -> str:
        label = mark[1].translate(_AS_DIGITS)
        return f"[{label}]" if label in labels else mark[0]

    return line._replace(text=_MARK.sub(write, line.text))


class PlacedBlock(NamedTuple):
    """A block, and whether it is of the notes at the foot of its page."""

    block: Block
    is_note: bool = False


def place_notes(blocks: Sequence[PlacedBlock]) -> Iterator[Block]:
    """The blocks, each note at the end of the section that names it, if that ends on its page.

    Notes without a label go on with the one before, on its page.
    """
    places: dict[int, list[Block]] = {}
    moved: set[int] = set()
    target: int | None = None
    page = 0  # of the note that was placed there
    for number, (block, is_note) in enumerate(blocks):
        if not is_note:
            continue
        if found := LABEL.match(block.text):
            target, page = _section_end(blocks, number, found[0].strip()), block.page
        if target is not None and block.page == page:
            places.setdefault(target, []).append(block._replace(glue=PARAGRAPH))
            moved.add(number)
    for number, placed in enumerate(blocks):
        yield from places.get(number, ())
        if number not in moved:
            yield placed.block


def _section_end(blocks: Sequence[PlacedBlock], number: int, mark: str) -> int | None:
    """The heading after the section with `mark` that note `number` has to stand before, if any."""
    page = blocks[number].block.page
    heading = None
    for at in range(number - 1, -1, -1):
        block, is_note = blocks[at]
        if block.page < page - 1:
            return None
        if mark in block.text and not is_note:
            return heading if heading is not None and blocks[heading].block.page == page else None
        if block.heading_level:
            heading = at
    return None
