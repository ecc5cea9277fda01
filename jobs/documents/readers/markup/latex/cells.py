r"""Tables of LaTeX over several pages with one head and foot; lines within cells as one line.

Pandoc shows each head and foot, and loses what stands before the last line of a cell.
"""

import re
from collections.abc import Iterator

from jobs.documents.readers.markup.latex.columns import group_end

_INNER = r"(?:[^{}]|\{(?:[^{}]|\{[^{}]{0,80}\}){0,200}\}){0,500}"
_LONG = re.compile(r"\\(begin|end)\{(longtable|xltabular|supertabular)\}")
_OPTION = re.compile(r"\s{0,9}(?:\[[^\[\]]{0,20}\])?\s{0,9}(?=\{)")
_WIDTH_TOO = "xltabular"  # it has one more argument
_PART = re.compile(r"\\end(firsthead|head|foot|lastfoot)(?![A-Za-z])")
_LINES = re.compile(
    r"\\(?:makecell|thead|shortstack|specialcell|Centerstack|Longstack)\*?(?:\[[^\[\]]{0,20}\])?"
    rf"\s{{0,9}}\{{({_INNER})\}}"
)
_STARRED = re.compile(r"\\\\\*(?=[\s\[\\&])")  # after which no page may begin
_TABBING = re.compile(
    r"(\\begin\{tabbing\})((?:[^\\]|\\(?!(?:begin|end)\{tabbing\}))*)(?=\\end\{tabbing\})"
)
_TAB = re.compile(r"(?<!\s)\s*\\[=>+<-](?![A-Za-z])\s*")
_KILLED = re.compile(r"(?:[^\\]|\\(?!\\|kill)){0,300}\\kill(?![A-Za-z])")  # only sets the tabs
_BREAK = re.compile(r"(?<!\s)\s*\\\\(?:\[[^\[\]]{0,20}\])?\s*")


def with_plain_cells(source: str) -> str:
    """`source` with tables that pandoc reads whole."""
    source = _STARRED.sub(r"\\\\", source)
    source = _TABBING.sub(lambda found: found[1] + _TAB.sub(" ", _KILLED.sub("", found[2])), source)
    source = _LINES.sub(lambda found: _BREAK.sub(" ", found[1]), source)
    return "".join(_pieces(source)) if _PART.search(source) else source


def _pieces(source: str) -> Iterator[str]:
    place = 0
    while begun := _LONG.search(source, place):
        ended = _LONG.search(source, begun.end())
        start, end = begun.end(), ended.start() if ended else len(source)
        for _ in range(2 if begun[2] == _WIDTH_TOO else 1):
            option = _OPTION.match(source, start, end)
            start = group_end(source, option.end()) if option else start
        yield source[place:start]
        place = start
        if begun[1] == "begin" and ended is not None:
            yield _in_order(source[start:end])
            place = end
    yield source[place:]


def _in_order(table: str) -> str:
    """The head as on the first page, the rows, and the foot as on the last page."""
    parts: dict[str, str] = {}
    start = 0
    for found in _PART.finditer(table):
        parts[found[1]] = table[start : found.start()]
        start = found.end()
    head = parts.get("firsthead", parts.get("head", ""))
    foot = parts.get("lastfoot", parts.get("foot", ""))
    return f"{head}{table[start:]}{foot}"
