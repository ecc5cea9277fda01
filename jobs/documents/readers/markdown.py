"""Reads Markdown (CommonMark with tables): the text without its markup and link targets."""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from jobs.documents.readers.clean_text import clean, clean_line
from jobs.documents.readers.decode import decode_text
from jobs.documents.readers.extract import LINE, PARAGRAPH, Block, Extract, assemble
from jobs.documents.readers.html import html_blocks
from jobs.documents.readers.limits import ReadLimits

_FRONT_MATTER = re.compile(r"\A(---|\+\+\+)[ \t]*\n(.*?\n)?\1[ \t]*(?:\n|\Z)", re.DOTALL)
_TITLE = re.compile(r"^title\s*[:=]\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)
_CELL_GLUE = " | "
_INDENT = "  "


def read_markdown(data: bytes, limits: ReadLimits) -> Extract:
    """Raises: UnreadableFileError."""
    text = decode_text(data).replace("\r\n", LINE)
    title = ""
    if front_matter := _FRONT_MATTER.match(text):
        text = text[front_matter.end() :]
        if named := _TITLE.search(front_matter[2] or ""):
            title = named[1]
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    extract = assemble(_MarkdownBlocks().convert(tokens), limits, title=title)
    first = next((heading.text for heading in extract.headings if heading.level == 1), "")
    return extract._replace(title=title or first)


class _MarkdownBlocks:
    """Follows the tokens of one page."""

    def __init__(self) -> None:
        self._level = 0
        self._marker = ""
        self._glue = PARAGRAPH
        self._counters: list[int | None] = []  # of the open lists; None: not numbered
        self._cells: list[str] | None = None

    def convert(self, tokens: list[Token]) -> Iterator[Block]:
        """The blocks, in order."""
        for token in tokens:
            if token.type == "inline":
                yield from self._inline(token)
            elif token.type in ("fence", "code_block"):
                yield self._block(clean(token.content))
            elif token.type == "html_block":
                yield from html_blocks(token.content)
            elif token.type == "tr_close" and self._cells is not None:
                yield Block(_CELL_GLUE.join(self._cells), self._glue)
                self._cells, self._glue = None, LINE
            else:
                self._follow(token)

    def _follow(self, token: Token) -> None:
        match token.type:
            case "heading_open" | "heading_close":
                self._level = int(token.tag[1:]) if token.nesting > 0 else 0
            case "bullet_list_open":
                self._counters.append(None)
            case "ordered_list_open":
                self._counters.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                self._counters.pop()
                self._glue = LINE if self._counters else PARAGRAPH
            case "list_item_open":
                self._begin_item()
            case "table_open" | "table_close":
                self._glue = PARAGRAPH
            case "tr_open":
                self._cells = []

    def _begin_item(self) -> None:
        number = self._counters[-1]
        marker = "- "
        if number is not None:
            marker = f"{number}. "
            self._counters[-1] = number + 1
        self._marker = _INDENT * (len(self._counters) - 1) + marker

    def _inline(self, token: Token) -> Iterator[Block]:
        text = LINE.join(map(clean_line, _plain(token.children or []).split(LINE)))
        if self._cells is not None:
            self._cells.append(text.replace(LINE, " "))
        elif text:
            yield self._block(text)

    def _block(self, text: str) -> Block:
        glue = self._glue if self._marker else PARAGRAPH
        block = Block(self._marker + text, glue, self._level)
        self._glue = LINE if self._marker else PARAGRAPH
        self._marker = ""
        return block


def _plain(tokens: list[Token]) -> str:
    return "".join(_plain_token(token) for token in tokens)


def _plain_token(token: Token) -> str:
    if token.type == "softbreak":
        return " "
    if token.type == "hardbreak" or (token.type == "html_inline" and token.content[:3] == "<br"):
        return LINE
    if token.type in ("text", "code_inline", "image"):  # an image's content is its description
        return token.content
    return ""
