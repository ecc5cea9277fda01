r"""Closes braces and environments of LaTeX that nothing closes.

Pandoc tries each of them twice: with twenty of them it takes a million times as long.
"""

import re

_EDGES = re.compile(
    r"\\(?:verb\*?|lstinline|mintinline\{[a-z]{1,20}\})(?P<sign>[^\sA-Za-z*{])[^\n]{0,1000}?(?P=sign)"
    r"|\\(?P<edge>begin|end)\{(?P<name>[^{}\\]{1,60})\}"
    r"|\\.|%[^\n]*|(?P<brace>[{}])",
    re.DOTALL,
)
_PAGE, _PAGE_END = "document", "\\end{document}"
_COMMENT = "comment"  # pandoc passes over it whole
_FEW = 3  # a page may be meant so, and costs little


def closed(source: str) -> str:
    """`source`, with an end for each of what it opens and does not close, if that is much."""
    opened: dict[str, list[int]] = {}  # by what ends them, where they begin that are open
    is_hidden = False
    for found in _EDGES.finditer(source):
        if found["name"] == _COMMENT:
            is_hidden = found["edge"] == "begin"
        elif is_hidden:
            continue
        elif found["brace"]:
            _follow(opened, "}", found["brace"] == "{", found.start())
        elif found["name"] and found["name"] != _PAGE:
            end = f"\\end{{{found['name']}}}"
            _follow(opened, end, found["edge"] == "begin", found.start())
    left = sorted(
        ((place, end) for end, places in opened.items() for place in places), reverse=True
    )
    if len(left) <= _FEW:
        return source
    text, page_end, rest = source.rpartition(_PAGE_END)
    text, rest = (text, page_end + rest) if page_end else (source, "")
    return f"{text}\n{''.join(end for _, end in left)}{rest}"


def _follow(opened: dict[str, list[int]], end: str, is_begun: bool, place: int) -> None:
    places = opened.setdefault(end, [])
    if is_begun:
        places.append(place)
    elif places:
        places.pop()
