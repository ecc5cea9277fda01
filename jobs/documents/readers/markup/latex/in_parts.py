r"""LaTeX that pandoc cannot parse as a whole, in parts; of those that it cannot parse, the words.

One brace or dollar sign too many would cost the whole file.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import NamedTuple

from jobs.documents.readers.limits import DAMAGED, UnreadableFileError

_BEGIN, _END = "\\begin{document}", "\\end{document}"
_BREAK = re.compile(r"\n[ \t]*\n")
_EDGE = re.compile(r"\\(begin|end)\{")
_COMMENT = re.compile(r"(?<!\\)%[^\n]*\n?")
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\{[^{}]{0,60}\}(?:\[[^\[\]]{0,200}\])?")
_LINE_END = re.compile(r"\\\\(?:\[[^\[\]]{0,20}\])?")
_ITEM = re.compile(r"\\item(?![A-Za-z])")
_COMMAND = re.compile(r"\\[A-Za-z]+\*?(?:\[[^\[\]]{0,200}\])?|\\(?=[^A-Za-z])|[{}]")
_MAX_RUNS = 40  # of pandoc: each takes a tenth of a second

Convert = Callable[[str], str]


class InParts(NamedTuple):
    """The HTML of parts of a page, and how many of how many paragraphs are read as plain text."""

    pages: list[str]
    plain_count: int
    paragraph_count: int


def convert_in_parts(source: str, convert: Convert) -> InParts:
    """What `convert` makes of the parts of `source` that it can read, and the words of others."""
    head, begin, body = source.rpartition(_BEGIN)
    blocks = list(_blocks(body.partition(_END)[0]))
    parts = _Parts(convert, head + begin)
    pages = list(parts.html_of(blocks))
    return InParts(pages, parts.plain_count, len(blocks))


def _blocks(body: str) -> Iterator[str]:
    """The paragraphs of a page; what stands in an environment is one with it."""
    start = depth = place = 0
    for found in _BREAK.finditer(body):
        for edge in _EDGE.finditer(body, place, found.start()):
            depth = depth + 1 if edge[1] == "begin" else max(0, depth - 1)
        place = found.end()
        if not depth:
            yield body[start : found.start()]
            start = found.end()
    yield body[start:]


class _Parts:
    """Halves what cannot be read until it is a paragraph."""

    def __init__(self, convert: Convert, head: str) -> None:
        self._convert = convert
        self._run_count = 0
        self.plain_count = 0
        self._head = head
        if self._html("") is None:
            self._head = _BEGIN * bool(head)

    def html_of(self, blocks: Sequence[str]) -> Iterator[str]:
        is_tried = self._run_count < _MAX_RUNS
        html = self._html("\n\n".join(blocks)) if is_tried else None
        if html is not None:
            yield html
        elif not is_tried:
            self.plain_count += len(blocks)
            yield from map(_plain, blocks)
        elif len(blocks) > 1:
            yield from self.html_of(blocks[: len(blocks) // 2])
            yield from self.html_of(blocks[len(blocks) // 2 :])
        else:
            self.plain_count += 1
            yield _plain(blocks[0])

    def _html(self, body: str) -> str | None:
        self._run_count += 1
        try:
            return self._convert(f"{self._head}{body}\n{_END * bool(self._head)}")
        except UnreadableFileError as error:
            if error.reason != DAMAGED:
                raise
            return None


def _plain(block: str) -> str:
    text = _ITEM.sub("\n- ", _LINE_END.sub("\n", _COMMENT.sub("", block)))
    text = _COMMAND.sub("", _ENVIRONMENT.sub("\n", text)).replace("~", " ")
    lines = (escape(line.strip()) for line in text.split("\n"))
    return f"<p>{'<br>'.join(filter(None, lines))}</p>"
