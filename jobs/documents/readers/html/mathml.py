"""MathML as one line of text: the TeX it was made from if that is there, else as it is written."""

import re

from selectolax.lexbor import LexborNode

_INFIX = {"mfrac": "/", "msup": "^", "msub": "_", "munder": "_", "mover": "^"}
_WITH_BOTH = frozenset({"msubsup", "munderover"})
_GLUE = {"mtable": "; ", "mtr": ", "}
_NOT_SHOWN = frozenset({"annotation", "annotation-xml", "mphantom"})
_INVISIBLE = re.compile("[\u2061-\u2064\u200b]")
_ONE_TERM = re.compile(r"\d+|[^\W\d_]+\d*|[^\w\s]")  # 2a is two
_MAX_DEPTH = 60


def formula(node: LexborNode) -> str:
    """The formula in a `math` element."""
    for note in node.css("annotation"):
        if "tex" in (note.attributes.get("encoding") or "").lower():
            return " ".join(note.text().split())
    return _line(node, 0) or node.attributes.get("alttext") or ""


def _line(node: LexborNode, depth: int) -> str:
    if node.is_text_node:
        return _INVISIBLE.sub("", " ".join((node.text_content or "").split()))
    if depth > _MAX_DEPTH:
        return node.text()
    tag = node.tag or ""
    parts = [
        _line(child, depth + 1)
        for child in node.iter(include_text=True)
        if child.tag not in _NOT_SHOWN and (child.is_element_node or child.is_text_node)
    ]
    if tag not in _INFIX and tag not in _WITH_BOTH and tag != "mroot":
        return _sequence(tag, parts)
    return _scripted(tag, [part for part in parts if part])


def _sequence(tag: str, parts: list[str]) -> str:
    if tag == "mtext":
        return " " + "".join(parts) + " "
    text = _GLUE.get(tag, "").join(filter(None, parts)).strip()
    if tag == "msqrt":
        return f"sqrt({text})"
    return f"({text})" if tag == "mfenced" else text


def _scripted(tag: str, parts: list[str]) -> str:
    if tag in _INFIX and len(parts) == 2:
        return _INFIX[tag].join(map(grouped, parts))
    if tag in _WITH_BOTH and len(parts) == 3:
        return f"{grouped(parts[0])}_{grouped(parts[1])}^{grouped(parts[2])}"
    if tag == "mroot" and len(parts) == 2:
        return f"root({parts[1]}, {parts[0]})"
    return " ".join(parts)


def grouped(part: str) -> str:
    """`part` in parentheses unless it is one term."""
    return part if _ONE_TERM.fullmatch(part) else f"({part})"
