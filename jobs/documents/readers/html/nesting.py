"""Keeps pages from nesting without end: what parses HTML takes the square of the depth."""

import re

MAX_DEPTH = 200  # of elements that others stand in; browsers stop at 512, of any kind
MIN_TAGS = 16_384  # a page with fewer is parsed at once, however deep it is

_CONTAINERS = (  # what is not closed by the next of its kind
    *("article", "aside", "blockquote", "center", "details", "dialog", "dir", "div", "dl"),
    *("fieldset", "figure", "footer", "form", "header", "hgroup", "main", "menu", "nav", "ol"),
    *("search", "section", "table", "ul"),
)
_TAG = re.compile(  # of two letters and more: elements like `b` are passed over at once
    rf"<(/?)(?=[a-z]{{2}})(?:{'|'.join(_CONTAINERS)})(?=[\s/>])[^<>]*>?", re.IGNORECASE
)
_BREAK = "<hr>"  # what stands deeper is apart all the same


def limit_depth(markup: str) -> str:
    """A page whose containers stand at most `MAX_DEPTH` deep; no text is lost."""
    if markup.count("<") < MIN_TAGS:
        return markup
    depth = 0

    def kept(tag: re.Match[str]) -> str:
        nonlocal depth
        is_end = bool(tag[1])
        depth = max(0, depth - 1) if is_end else depth + 1
        return _BREAK if depth + is_end > MAX_DEPTH else tag[0]

    return _TAG.sub(kept, markup)
