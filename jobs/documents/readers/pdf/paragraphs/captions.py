"""Puts captions of figures behind the paragraph that they interrupt at a page end."""

import re
from collections.abc import Sequence

from jobs.documents.readers.extract import LINE
from jobs.documents.readers.pdf.lines.joints import Printed, joint
from jobs.documents.readers.pdf.paragraphs.join_lines import Paragraph

_CAPTION = re.compile(
    r"(?:Fig(?:ure|\.)|Table|Tab\.|Listing|Algorithm|Plate|Abb(?:ildung|\.)|Tabelle) ?\d[\d.]*\b"
)
_UNFINISHED = re.compile(r"[^\W\d_][,-]?\Z")
_OPEN_WORD = re.compile(  # no sentence ends with it
    r"\b(?:a|an|and|as|at|by|for|from|in|is|of|on|or|the|to|with|das|der|die|ein|eine|mit|und|von)\Z",
    re.IGNORECASE,
)
_PROSE = re.compile(r"[.,;:] ")
_ENDED = re.compile(r"[.:;!?][)”\"’]?\Z")
_CELLS = " | "
_MAX_FLOATS = 3  # captions and tables, one after the other
_MAX_TITLE_CHARS = 40
_MAX_CAPTION_CHARS = 600
_MIN_CHARS = 80  # of a paragraph: a shorter one may be a title


def put_captions_behind(paragraphs: Sequence[Paragraph]) -> list[Paragraph]:
    """The paragraphs, those that go on behind captions in one piece before these.

    So it is with tables that have a caption.
    """
    placed: list[Paragraph] = []
    number = 0
    while number < len(paragraphs):
        placed.append(paragraphs[number])
        number += 1
        end = _floats_end(paragraphs, number)
        if end > number and _goes_on(placed[-1], paragraphs[end]):
            rest = paragraphs[end]
            glue = joint(Printed(placed[-1].text), Printed(rest.text))
            placed.append(rest._replace(glue=glue))
            placed += [each._replace(page=rest.page) for each in paragraphs[number:end]]
            number = end + 1
    return placed


def _floats_end(paragraphs: Sequence[Paragraph], start: int) -> int:
    """Where the captions and tables that begin at `start` end; `start` if there is no caption."""
    end, count, has_caption = start, 0, False
    while end < len(paragraphs):
        is_caption = _is_caption(paragraphs[end])
        is_row = _CELLS in paragraphs[end].text
        if not (is_caption or is_row or _is_title(paragraphs, end)):
            break
        count += not (is_row and paragraphs[end].glue == LINE)
        if count > _MAX_FLOATS:
            break
        has_caption = has_caption or is_caption
        end += 1
    return end if has_caption and end < len(paragraphs) else start


def _is_title(paragraphs: Sequence[Paragraph], number: int) -> bool:
    """Whether a few words stand over a table."""
    following = paragraphs[number + 1 : number + 2]
    is_short = len(paragraphs[number].text) <= _MAX_TITLE_CHARS
    return is_short and any(_CELLS in each.text for each in following)


def _is_caption(paragraph: Paragraph) -> bool:
    is_short = len(paragraph.text) <= _MAX_CAPTION_CHARS
    return is_short and not paragraph.is_note and _CAPTION.match(paragraph.text) is not None


def _goes_on(paragraph: Paragraph, rest: Paragraph) -> bool:
    """Whether `rest`, on the same page or the next, is the end of a paragraph."""
    return (
        len(paragraph.text) >= _MIN_CHARS
        and not paragraph.is_note
        and rest.page <= paragraph.page + 1
        and _UNFINISHED.search(paragraph.text) is not None
        and _PROSE.search(paragraph.text) is not None
        and (rest.text[:1].islower() or _OPEN_WORD.search(paragraph.text) is not None)
        and _ENDED.search(rest.text) is not None
        and not any("\n" in part.text or _CELLS in part.text for part in (paragraph, rest))
    )
