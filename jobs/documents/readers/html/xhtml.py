"""XHTML as an HTML parser understands it: elements that are closed at once, text as it is."""

import re
from html import escape

from jobs.documents.readers.html.confluence import MARK, from_confluence

_VOID = frozenset(  # HTML standard: elements that have no end
    (
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param"),
        *("source", "track", "wbr"),
    )
)
_TAG_NAME = re.compile(r"<([A-Za-z][\w:.-]*)(?=[\s/]|\Z)")
_FRAMES = re.compile("<frameset[\\s>]", re.IGNORECASE)
_FRAME_TAG = re.compile(r"</?(?:frameset|frame|noframes)\b[^<>]*>", re.IGNORECASE)
_MAX_HEAD_CHARS = 20_000
_MAX_ENTITIES = 100
_DECLARATIONS = re.compile(r"<!DOCTYPE[^\[\]<>]{0,500}\[([^\[\]]*)\]\s*>", re.IGNORECASE)
_ENTITY = re.compile(r"""<!ENTITY\s+([\w.-]{1,60})\s+(?:"([^"<&]{0,200})"|'([^'<&]{0,200})')\s*>""")
_CDATA_START, _CDATA_END = "<![CDATA[", "]]>"


def as_html(markup: str) -> str:
    """A page that may be XHTML, as HTML."""
    if _FRAMES.search(markup, 0, _MAX_HEAD_CHARS):
        markup = _FRAME_TAG.sub("", markup)  # what a browser without frames would show
    markup = _escape_cdata(_without_declarations(markup))
    return _close_empty_tags(from_confluence(markup) if MARK in markup else markup)


def _without_declarations(markup: str) -> str:
    """XHTML may declare entities before the page; to an HTML parser their end would be text."""
    head = _DECLARATIONS.search(markup, 0, _MAX_HEAD_CHARS)
    if head is None:
        return markup
    entities = {name: first or other for name, first, other in _ENTITY.findall(head[1])}
    page = markup[: head.start(1)].rstrip("[ \t\r\n") + ">" + markup[head.end() :]
    names = [name for name in entities if f"&{name};" in page][:_MAX_ENTITIES]
    for name in names:
        page = page.replace(f"&{name};", escape(entities[name], quote=False))
    return page


def _close_empty_tags(markup: str) -> str:
    """XHTML's `<title/>` would be an open tag to an HTML parser and swallow the page."""
    parts = markup.split("/>")
    pieces: list[str] = []
    done = 0
    for number, part in enumerate(parts[:-1], start=1):
        start = part.rfind("<")
        found = _TAG_NAME.match(part, start) if start >= 0 else None
        if found and found[1].lower() not in _VOID and ">" not in part[start:]:
            pieces += ["/>".join(parts[done:number]), f"></{found[1]}>"]
            done = number
    return "".join([*pieces, "/>".join(parts[done:])])


def _escape_cdata(markup: str) -> str:
    """XHTML's text without entities would be a comment to an HTML parser."""
    first, *sections = markup.split(_CDATA_START)
    pieces = [first]
    for section in sections:
        text, end, rest = section.partition(_CDATA_END)
        pieces += [escape(text), rest] if end else [section]
    return "".join(pieces)
