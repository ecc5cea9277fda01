r"""Environments of LaTeX's packages as those of LaTeX itself, which pandoc knows.

Of another it takes the arguments for text, and leaves out captions: `\begin{wrapfigure}{r}{5cm}`.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from jobs.documents.readers.markup.latex.columns import column_count, group_end


class _Known(NamedTuple):
    """As what an environment is read, and how many of its arguments are no text."""

    name: str
    argument_count: int = 0


_ENVIRONMENTS = {
    **dict.fromkeys(("wrapfigure", "wrapfig"), _Known("figure", 2)),
    **dict.fromkeys(("SCfigure", "sidewaysfigure", "listing", "marginfigure"), _Known("figure")),
    "floatingfigure": _Known("figure", 1),
    "wraptable": _Known("table", 2),
    **dict.fromkeys(("SCtable", "sidewaystable", "margintable"), _Known("table")),
    **dict.fromkeys(("multicols", "adjustbox", "column", "spacing"), _Known("", 1)),
    "labeling": _Known("description", 1),
    **dict.fromkeys(("compactitem", "inparaitem", "asparaitem", "itemize*"), _Known("itemize")),
    **dict.fromkeys(("compactenum", "inparaenum", "asparaenum"), _Known("enumerate")),
    "enumerate*": _Known("enumerate"),
    **dict.fromkeys(("compactdesc", "inparadesc", "description*"), _Known("description")),
    **dict.fromkeys(("tabular", "supertabular"), _Known("tabular")),
    "longtable": _Known("longtable"),
    **dict.fromkeys(("tabulary", "tabularx", "tabular*"), _Known("tabular", 1)),
    "table*": _Known("table"),
    "figure*": _Known("figure"),
    "CCSXML": _Known("comment"),
    "alignat": _Known("align", 1),
    "alignat*": _Known("align*", 1),
    **dict.fromkeys(("IEEEeqnarray", "IEEEeqnarray*"), _Known("eqnarray*", 1)),
    **dict.fromkeys(("tabu", "longtabu", "tblr", "longtblr", "NiceTabular"), _Known("tabular")),
    "xltabular": _Known("tabular", 1),
    **dict.fromkeys(("block", "alertblock", "exampleblock"), _Known("")),
}
_TITLED = frozenset({"block", "alertblock", "exampleblock"})  # of slides
_NUMBERED = "enumerate"
_NAMES = "|".join(map(re.escape, (*_ENVIRONMENTS, _NUMBERED)))
_EDGE = re.compile(rf"\\(begin|end)\{{({_NAMES})\}}")
_OPTION = re.compile(r"\s{0,9}\[((?:[^\[\]{}]|\{[^{}]{0,80}\}){0,300})\]")
_ARGUMENT = re.compile(r"\s{0,9}\{((?:[^{}]|\{[^{}]{0,80}\}){0,300})\}")
_RULE = re.compile(
    r"\\(?:cmidrule(?:\[[^\[\]]{0,20}\])?\([^()]{0,20}\)|cline|hhline|cdashline)\{[^{}]{0,40}\}"
)
_WIDTH = re.compile(r"\s{0,9}(?:to|spread)\s{0,9}[^\s{}]{1,40}(?=\s{0,9}\{)")  # of tabu
_TABLES = frozenset({"tabular", "longtable"})
_NAMED = re.compile(r"\b(?:colspec|hlines|vlines|rows|columns)\b")  # of tabularray
_SPACE = re.compile(r"\s{0,9}")
_ROW = re.compile(r"[^\\]{0,2000}")
_COUNTERS = ((r"\alph", "a"), (r"\Alph", "A"), (r"\roman", "i"), (r"\Roman", "I"))
_START = re.compile(r"(?<![a-z])start\s{0,9}=\s{0,9}\{?(\d{1,6})")


def with_known_environments(source: str) -> str:
    """`source` without environments that only packages have."""
    return "".join(_pieces(_RULE.sub("", source)))


def _pieces(source: str) -> Iterator[str]:
    place = 0
    while found := _EDGE.search(source, place):
        yield source[place : found.start()]
        name, place = found[2], found.end()
        known = _ENVIRONMENTS.get(name, _Known(name))
        yield f"\\{found[1]}{{{known.name or name}}}"
        if found[1] == "end":
            continue
        option = _OPTION.match(source, place)
        place = option.end() if option else place
        if known.name in _TABLES and (width := _WIDTH.match(source, place)):
            place = width.end()
        for _ in range(known.argument_count):
            argument = _ARGUMENT.match(source, place)
            place = argument.end() if argument else place
            inner = _OPTION.match(source, place) if argument else None
            place = inner.end() if inner else place
        if name in _TITLED:
            argument = _ARGUMENT.match(source, place)
            place = argument.end() if argument else place
            yield f"\\textbf{{{argument[1] if argument else ''}}}\\par "
        elif known.name in _TABLES:
            space = _SPACE.match(source, place)
            start = space.end() if space else place
            place = max(start, group_end(source, start))
            yield _columns(source[start + 1 : place - 1], source, place)
        elif name == _NUMBERED and option:
            yield _numbering(option[1])
    yield source[place:]


def _columns(told: str, source: str, place: int) -> str:
    """The columns of a table, as its argument or its first row tells."""
    row = _ROW.match(source, place)
    count = 0 if _NAMED.search(told) else column_count(told)
    return f"{{{'l' * (count or 1 + (row[0].count('&') if row else 0))}}}"


def _numbering(option: str) -> str:
    """What makes pandoc number a list as enumitem does."""
    counter = next((sign for command, sign in _COUNTERS if command in option), "")
    is_short = "=" not in option and "\\" not in option  # as the package enumerate has it
    label = f"[{option}]" if is_short else f"[{counter}.]" * bool(counter)
    start = _START.search(option)
    return label + (f"\\setcounter{{enumi}}{{{int(start[1]) - 1}}}" if start else "")
