"""Superscripts and subscripts of a page: exponents, marks of notes, fractions."""

from selectolax.lexbor import LexborNode

from jobs.documents.readers.html.blocks import BlockWriter

_PLAIN = frozenset({"a", "b", "i", "em", "strong", "span", "small", "var", "cite", "sup", "sub"})
SCRIPT_SIGNS = {"sup": "^", "sub": "_"}
_MAX_SCRIPT_DEPTH = 4
_MAX_SCRIPT_CHARS = 80  # a raised or lowered text that is longer is no exponent, index or mark
_FRACTION_LINES = ("\u2044", "/")


def begin_script(node: LexborNode, tag: str, writer: BlockWriter) -> None:
    """A superscript or subscript begins; it is written as a whole if it holds a few plain words."""
    script = script_of(node)
    if script is None:
        return
    text = " ".join(script.split())
    if tag == "sub":
        writer.add_lowered(text)
    else:
        parent = node.parent
        is_linked = node.css_first("a[href]") is not None or (
            parent is not None and parent.tag == "a" and parent.text(strip=True) == text
        )
        if text.isdigit() and _is_numerator(node):
            writer.add_numerator(text)
        else:
            writer.add_raised(text, is_note=is_linked)


def _is_numerator(node: LexborNode) -> bool:
    """Whether a superscript is the upper part of a fraction: the line and a subscript follow."""
    line = node.next
    is_line = line is not None and line.is_text_node and line.text_content in _FRACTION_LINES
    return is_line and line is not None and line.next is not None and line.next.tag == "sub"


def script_of(node: LexborNode, depth: int = 0) -> str | None:
    """The text of a superscript or subscript; None if it holds more than a few plain words."""
    text = ""
    for child in node.iter(include_text=True):
        if child.is_text_node:
            part = child.text_content
        elif child.tag not in _PLAIN or depth > _MAX_SCRIPT_DEPTH:
            return None
        else:
            part = script_of(child, depth + 1)
            part = part and SCRIPT_SIGNS.get(child.tag or "", "") + part
        if part is None or len(text) + len(part) > _MAX_SCRIPT_CHARS:
            return None
        text += part
    return text
