"""Elements that are not what their tag is: their ARIA role or their style says what they are."""

import re
from collections.abc import Mapping

from selectolax.lexbor import LexborNode

_TAGS = {  # WAI-ARIA 1.2, 5.4: roles of structure
    "list": "ul",
    "listitem": "li",
    **dict.fromkeys(("table", "grid", "treegrid"), "table"),
    "row": "tr",
    **dict.fromkeys(("cell", "gridcell"), "td"),
    **dict.fromkeys(("columnheader", "rowheader"), "th"),
}
_HEADING = "heading"
_HEADING_LEVELS = ("1", "2", "3", "4", "5", "6")
_DEFAULT_LEVEL = "2"  # WAI-ARIA 1.2, heading
_BLOCK = "div"
_WITHOUT_MEANING = frozenset({_BLOCK, "section", "span", "p", "a"})
_IN_LINES = frozenset(
    ("a", "b", "button", "code", "em", "font", "i", "label", "small", "span", "strong")
)
_SHOWN_AS_BLOCK = re.compile(
    r"(?<![\w-])display\s*:\s*(?:block|flex|grid|list-item)(?![\w-])", re.IGNORECASE
)

_CODE = "pre"
_KEEPS_LINES = re.compile(
    r"(?<![\w-])white-space\s*:\s*(?:pre|pre-wrap|break-spaces)(?![\w-])", re.IGNORECASE
)
_BLOCKS = "p, div, li, table, h1, h2, h3, h4, pre, dl, blockquote"


def as_code(node: LexborNode, tag: str, attributes: Mapping[str, str | None]) -> str:
    """`pre` if an element keeps its lines by its style and holds nothing but them; else empty."""
    style = attributes.get("style")
    if not style or tag not in ("div", "p") or not _KEEPS_LINES.search(style):
        return ""
    has_blocks = any(child.css_first(_BLOCKS) is not None for child in node.iter())
    return "" if has_blocks or "\n" not in node.text().strip() else _CODE


def shown_as(tag: str, attributes: Mapping[str, str | None]) -> str:
    """The tag of what an element is shown as; empty if that is its own."""
    role = attributes.get("role") or ""
    if tag in _WITHOUT_MEANING or "-" in tag:
        if role == _HEADING:
            level = attributes.get("aria-level") or ""
            return f"h{level if level in _HEADING_LEVELS else _DEFAULT_LEVEL}"
        if role in _TAGS:
            return _TAGS[role]
    style = attributes.get("style")
    is_block = style and tag in _IN_LINES and _SHOWN_AS_BLOCK.search(style)
    return _BLOCK if is_block else ""
