"""The text of a file, put together from blocks so that every offset is exact."""

from collections.abc import Iterable
from typing import NamedTuple

from jobs.documents.readers.limits import ReadLimits
from schemas.documents import Heading

PARAGRAPH = "\n\n"
LINE = "\n"
SPACE = " "


class Block(NamedTuple):
    """A cleaned piece of text and what stands between it and the piece before.

    `heading_level` is 1 for the topmost, 0 for what is no heading. `page` is 1-based, 0 where the
    format has no pages. Pages never go down from block to block.
    """

    text: str
    glue: str = PARAGRAPH
    heading_level: int = 0
    page: int = 0


class Extract(NamedTuple):
    """What a reader found. Offsets are characters of `text`; `title` may be empty.

    `notes` say to people what of the file could not be read.
    """

    title: str
    text: str
    page_starts: tuple[int, ...] = ()
    headings: tuple[Heading, ...] = ()
    notes: tuple[str, ...] = ()


def assemble(
    blocks: Iterable[Block], limits: ReadLimits, *, title: str = "", page_count: int = 0
) -> Extract:
    """Join `blocks`, taken lazily; one page start for each of `page_count` pages, empty or not.

    Raises:
        UnreadableFileError: the text grows beyond its limit.
    """
    pieces: list[str] = []
    page_starts: list[int] = []
    headings: list[Heading] = []
    length = 0
    for block in blocks:
        if not block.text:
            continue
        if pieces:
            pieces.append(block.glue)
            length += len(block.glue)
        page_starts.extend([length] * (block.page - len(page_starts)))
        if block.heading_level:
            headings.append(Heading(start_char=length, level=block.heading_level, text=block.text))
        pieces.append(block.text)
        length += len(block.text)
        limits.check_text(length)
    page_starts.extend([length] * (page_count - len(page_starts)))
    text = "".join(pieces)
    limits.check_text(len(text.encode()))
    return Extract(title, text, tuple(page_starts), tuple(headings))
