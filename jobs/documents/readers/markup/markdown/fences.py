"""Which parts of Markdown stand in fenced code, before it is parsed."""

import re
from bisect import bisect_right
from collections.abc import Iterator

_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})([^\n]*)$", re.MULTILINE)


def sub_outside(pattern: re.Pattern[str], replacement: str, text: str) -> str:
    """As `pattern.sub`, but what begins within fenced code stays as it is."""
    if not pattern.search(text):
        return text
    edges = list(_edges(text))

    def changed(found: re.Match[str]) -> str:
        is_code = bisect_right(edges, found.start()) % 2 == 1
        return found[0] if is_code else found.expand(replacement)

    return pattern.sub(changed, text)


def outside(text: str) -> str:
    """What of a page is no fenced code."""
    edges = [0, *_edges(text), len(text)]
    return "".join(text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=False))


def _edges(text: str) -> Iterator[int]:
    """Where fenced code begins and ends, by turns."""
    fence = ""
    for found in _FENCE.finditer(text):
        if not fence:
            fence = found[1]
            yield found.start()
        elif found[1].startswith(fence) and not found[2].strip():
            fence = ""
            yield found.end()
