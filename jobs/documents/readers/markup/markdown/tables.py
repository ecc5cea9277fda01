"""Tables of Markdown that the standard does not know, and bars in the code of their cells."""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

_DASHES = re.compile(r"-{2,}(?:\s+-{2,})+\s*\Z")  # Pandoc: one run a column
_ENDS = re.compile(r"-{3,}(?:\s+-{2,})*\s*\Z")
_BOX_EDGE = re.compile(r"\+[-=+:]{3,}\+?\s*\Z|[\u2500-\u257f]{2}")
_BOX_LINE = re.compile(r"[|+\u2500-\u257f]")
_MAX_LINES = 200
_FENCES = ("```", "~~~")
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)([^\n]{0,200}?[^`\n])\1(?!`)")
_BAR = re.compile(r"(?<!\\)\|")


def add_table_rules(parser: MarkdownIt) -> None:
    """Teach `parser` tables and pictures that are drawn with lines: they keep their lines."""
    parser.block.ruler.before("table", "box", _box, {"alt": ["paragraph"]})
    parser.block.ruler.before("table", "simple_table", _simple_table)


def escape_bars(text: str) -> str:
    """`text` with the bars in code within rows of tables escaped: they end no cell."""
    if "|" not in text or "`" not in text:
        return text
    fence = ""
    lines = []
    for line in text.split("\n"):
        start = line.lstrip()
        if fence:
            fence = "" if start.startswith(fence) else fence
        elif start.startswith(_FENCES):
            fence = start[:3]
        elif start.startswith("|") and "`" in line:
            line = _CODE_SPAN.sub(lambda found: _BAR.sub(r"\|", found[0]), line)
        lines.append(line)
    return "\n".join(lines)


def _box(state: StateBlock, first: int, end_line: int, silent: bool) -> bool:
    if state.is_code_block(first) or not _BOX_EDGE.match(_line(state, first)):
        return False
    last = first + 1
    while last < end_line and _BOX_LINE.match(_line(state, last)):
        last += 1
    return last > first + 1 and _keep(state, first, last, silent=silent)


def _simple_table(state: StateBlock, first: int, end_line: int, silent: bool) -> bool:
    """Columns under dashes, up to an empty line or, where dashes are above them, more dashes."""
    if state.isEmpty(first) or first + 1 >= end_line:
        return False
    if _DASHES.match(_line(state, first)):
        ends = range(first + 1, min(end_line, first + _MAX_LINES))
        last = next((number for number in ends if _ENDS.match(_line(state, number))), None)
        return last is not None and _keep(state, first, last + 1, silent=silent)
    if not _DASHES.match(_line(state, first + 1)):
        return False
    last = first + 2
    while last < end_line and not state.isEmpty(last):
        last += 1
    return _keep(state, first, last, silent=silent)


def _keep(state: StateBlock, first: int, last: int, *, silent: bool) -> bool:
    if not silent:
        token = state.push("code_block", "code", 0)
        token.content = state.getLines(first, last, state.blkIndent, keepLastLF=True)
        token.map = [first, last]
        state.line = last
    return True


def _line(state: StateBlock, number: int) -> str:
    start = state.bMarks[number] + state.tShift[number]
    return state.src[start : state.eMarks[number]].rstrip()
