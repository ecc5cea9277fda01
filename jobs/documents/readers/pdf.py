"""Reads PDF: paragraphs in page order, pages, and the headings that its outline names."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]

from jobs.documents.readers.clean_text import clean_line
from jobs.documents.readers.extract import PARAGRAPH, Block, Extract, assemble
from jobs.documents.readers.limits import ReadLimits, UnreadableFileError, damaged
from jobs.documents.readers.pdf_furniture import drop_furniture
from jobs.documents.readers.pdf_lines import HYPHEN, Line, page_lines
from jobs.documents.readers.pdf_paragraphs import Paragraph, join_lines

_END_MARK = b"%%EOF"
_TAIL_BYTES = 4096  # the mark is in the last 1024 bytes; some programs append more
_DIVIDED = re.compile(rf"(\w+){HYPHEN}(\w+)")
_WORD = re.compile(r"\w+(?:-\w+)*")
_NUMBERING = re.compile(
    r"(?:(?:chapter|appendix|section|part)\s+)?(?:[A-Z]|\d+|[IVXLC]+)(?:\.\d+)*[.:)]?\s+",
    re.IGNORECASE,
)


def read_pdf(data: bytes, limits: ReadLimits) -> Extract:
    """Raises: UnreadableFileError."""
    document = _open(data)
    try:
        pages = list(_read_pages(document, limits))
        title = document.get_metadata_value("Title")
        outline = _outline(document)
    except pdfium.PdfiumError as error:
        raise damaged(f"a part of this PDF cannot be read ({error})") from error
    finally:
        document.close()
    paragraphs = _join_words(list(join_lines(drop_furniture(pages))))
    return assemble(_mark_headings(paragraphs, outline), limits, title=title, page_count=len(pages))


def _open(data: bytes) -> pdfium.PdfDocument:
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if error.err_code == pdfium_c.FPDF_ERR_PASSWORD:
            raise UnreadableFileError(
                "password_protected", "needs a password; save a copy without one"
            ) from error
        raise damaged(f"is no whole PDF ({str(error).rstrip('.')})") from error
    if _END_MARK not in data[-_TAIL_BYTES:]:
        document.close()
        raise damaged("is cut off (a PDF ends with %%EOF)")
    return document


def _read_pages(document: pdfium.PdfDocument, limits: ReadLimits) -> Iterator[list[Line]]:
    length = 0
    for index in range(len(document)):
        page = document[index]
        try:
            lines = page_lines(page)
        finally:
            page.close()
        length += sum(len(line.text) for line in lines)
        limits.check_text(length)
        yield lines


def _outline(document: pdfium.PdfDocument) -> dict[int, list[Block]]:
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


def _join_words(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """Put divided words together: with a hyphen if only that form occurs elsewhere."""
    words = {word.casefold() for paragraph in paragraphs for word in _WORD.findall(paragraph.text)}

    def join(match: re.Match[str]) -> str:
        whole, hyphenated = match[1] + match[2], f"{match[1]}-{match[2]}"
        is_known = hyphenated.casefold() in words and whole.casefold() not in words
        return hyphenated if is_known or not match[2][0].islower() else whole

    joined: list[Paragraph] = []
    for paragraph, following in zip(paragraphs, [*paragraphs[1:], None], strict=True):
        text = _DIVIDED.sub(join, paragraph.text)
        if text.endswith(HYPHEN) and following and not following.glue:
            text = text[:-1]
        joined.append(paragraph._replace(text=text.replace(HYPHEN, "-")))
    return joined


def _mark_headings(
    paragraphs: Iterable[Paragraph], outline: dict[int, list[Block]]
) -> Iterator[Block]:
    """Blocks with those of the outline's titles as headings that begin a paragraph of its page."""
    for paragraph in paragraphs:
        wanted = outline.get(paragraph.page, [])
        for title in wanted:
            end = _title_end(paragraph.text, title.text)
            if end is not None:
                wanted.remove(title)
                heading, rest = paragraph.text[:end], paragraph.text[end:].strip()
                yield Block(heading, paragraph.glue, title.heading_level, paragraph.page)
                yield Block(rest, PARAGRAPH, page=paragraph.page)
                break
        else:
            yield Block(paragraph.text, paragraph.glue, page=paragraph.page)


def _title_end(text: str, title: str) -> int | None:
    """Where `title` ends in `text` if the text begins with it, maybe numbered; spaces aside."""
    numbering = _NUMBERING.match(text)
    for start in {0, numbering.end() if numbering else 0}:
        end = _match_end(text, start, "".join(title.casefold().split()))
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
