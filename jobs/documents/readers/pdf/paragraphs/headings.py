"""Marks the paragraphs that the outline of a PDF names as headings."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import pypdfium2 as pdfium  # type: ignore[import-untyped]

from jobs.documents.readers.clean_text import clean_line
from jobs.documents.readers.extract import PARAGRAPH, Block
from jobs.documents.readers.pdf.furniture import CHAPTER_WORDS
from jobs.documents.readers.pdf.paragraphs.join_lines import Paragraph
from jobs.documents.readers.pdf.paragraphs.notes import PlacedBlock

_NUMBERING = re.compile(
    r"(?P<word>(?:chapter|appendix|section|part)\s++)?"
    r"(?:[IVXLC]++|[A-Z]|\d++)(?:\.\d++)*+[.:)]?\s++",
    re.IGNORECASE,
)
_LEVELLED = str.maketrans("‘’“”–—−‐‑", "''\"\"-----")  # an outline has often plain ones
_MAX_SIGNS = 2
_CHAPTER = re.compile(rf"(?:{'|'.join(CHAPTER_WORDS)})(?: \w{{1,12}})?", re.IGNORECASE)
_MAX_LABEL_PARTS = 2


def outline_of(document: pdfium.PdfDocument) -> dict[int, list[Block]]:
    """The titles of the bookmarks as headings, for each page (1-based)."""
    titles: dict[int, list[Block]] = defaultdict(list)
    for bookmark in document.get_toc():
        target = bookmark.get_dest()
        index = target.get_index() if target else None
        title = clean_line(bookmark.get_title())
        if index is not None and title:
            page = index + 1
            titles[page].append(Block(title, heading_level=bookmark.level + 1, page=page))
    return titles


def mark_headings(
    paragraphs: Iterable[Paragraph], outline: dict[int, list[Block]]
) -> Iterator[PlacedBlock]:
    """Blocks with those of the outline's titles as headings that begin a paragraph of its page.

    So is what stands above the title of a chapter: "Chapter 4".
    """
    waiting: list[PlacedBlock] = []  # may be such a line
    for placed in _with_titles(paragraphs, outline):
        if placed.block.heading_level:
            yield from _as_label(waiting, placed.block)
            waiting.clear()
        if waiting and not _may_be_label([*waiting, placed]):
            yield from waiting
            waiting.clear()
        if not placed.block.heading_level and _may_be_label([*waiting, placed]):
            waiting.append(placed)
        else:
            yield placed
    yield from waiting


def _with_titles(
    paragraphs: Iterable[Paragraph], outline: dict[int, list[Block]]
) -> Iterator[PlacedBlock]:
    for paragraph in paragraphs:
        wanted = outline.get(paragraph.page, [])
        for title in wanted:
            end = _title_end(paragraph.text.translate(_LEVELLED), title.text)
            if end is not None and not paragraph.text[end:].lstrip()[:1].islower():
                wanted.remove(title)
                end = _end_with_stop(paragraph.text, end)
                heading, rest = paragraph.text[:end], paragraph.text[end:].strip()
                level = title.heading_level
                yield PlacedBlock(Block(heading, paragraph.glue, level, paragraph.page))
                yield PlacedBlock(Block(rest, PARAGRAPH, page=paragraph.page))
                break
        else:
            block = Block(paragraph.text, paragraph.glue, page=paragraph.page)
            yield PlacedBlock(block, paragraph.is_note)


def _may_be_label(blocks: Sequence[PlacedBlock]) -> bool:
    text = " ".join(placed.block.text for placed in blocks)
    return len(blocks) <= _MAX_LABEL_PARTS and bool(_CHAPTER.fullmatch(text))


def _as_label(waiting: Sequence[PlacedBlock], title: Block) -> Iterator[PlacedBlock]:
    """The lines before a title; as a heading of its level if they say which chapter it is."""
    text = " ".join(placed.block.text for placed in waiting)
    is_label = " " in text and waiting[-1].block.page == title.page
    if is_label:
        yield PlacedBlock(title._replace(text=text))
    else:
        yield from waiting


def _end_with_stop(text: str, end: int) -> int:
    """`end`, or that of the text if only a sign follows, as the full stop of a title."""
    rest = text[end : end + _MAX_SIGNS + 1]
    is_over = len(rest) <= _MAX_SIGNS and not any(map(str.isalnum, rest))
    return len(text) if is_over else end


def _title_end(text: str, title: str) -> int | None:
    """Where `title` ends in `text` if the text begins with it, maybe numbered; spaces aside."""
    numbering = _NUMBERING.match(text)
    starts = {0, max(0, numbering.end("word")), numbering.end()} if numbering else {0}
    for start in sorted(starts):
        end = _match_end(text, start, "".join(title.translate(_LEVELLED).casefold().split()))
        if end is not None and not text[end : end + 1].isalnum():
            return end
    return None


def _match_end(text: str, start: int, key: str) -> int | None:
    matched = 0
    for position in range(start, len(text)):
        folded = "".join(text[position].casefold().split())
        if not key.startswith(folded, matched):
            return None
        matched += len(folded)
        if matched == len(key):
            return position + 1
    return None
