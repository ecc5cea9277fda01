"""A page as an HTML parser takes it: XHTML, the elements of Confluence, endless nesting."""

import re
from html import escape

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

_CONFLUENCE = "<ac:"
_PARAMETER = re.compile(
    r"<ac:(?:default-)?parameter(?P<of>[^<>]{0,200})>(?P<value>[^<>]{0,500})</ac:(?:default-)?parameter>"
)
_TITLE = re.compile(r"ac:name=[\"']title[\"']")
_PAGE_LINK = re.compile(  # without words of its own it shows the title of the page
    r"(<ac:link[^<>]{0,200}>\s{0,9})<ri:page[^<>]{0,500}?ri:content-title=\"([^\"<>]{1,300})\""
    r"[^<>]{0,200}>(?:\s{0,9}</ri:page>)?(\s{0,9}</ac:link>)"
)
_EMOJI = re.compile(r"<ac:emoticon[^<>]{0,300}?ac:emoji-fallback=\"([^\"<>:]{1,20})\"[^<>]{0,200}>")
_TASK_ID = re.compile(r"<ac:task-(?:id|uuid)>[^<>]{0,100}</ac:task-(?:id|uuid)>")
_STATUS = re.compile(r"<ac:task-status>([^<>]{0,40})</ac:task-status>")
_AS = {
    "ac:plain-text-body": "pre",
    "ac:rich-text-body": "div",
    "ac:task-list": "ul",
    "ac:task": "li",
}
_ELEMENT = re.compile(rf"(</?)({'|'.join(_AS)})(?=[\s>])")


def as_html(markup: str) -> str:
    """A page that may be XHTML or in Confluence's storage format, as HTML."""
    if _FRAMES.search(markup, 0, _MAX_HEAD_CHARS):
        markup = _FRAME_TAG.sub("", markup)  # what a browser without frames would show
    markup = _escape_cdata(_without_declarations(markup))
    if _CONFLUENCE in markup:
        markup = _from_confluence(markup)
    return limit_depth(_close_empty_tags(markup))


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


def _from_confluence(markup: str) -> str:
    """A page in which code is code, tasks are a list, and parameters but for titles are no text."""
    markup = _PARAMETER.sub(_title_of, markup)
    markup = _PAGE_LINK.sub(r"\1\2\3", _TASK_ID.sub("", markup))
    markup = _STATUS.sub(_box, _EMOJI.sub(r"\1", markup))
    return _ELEMENT.sub(lambda found: found[1] + _AS[found[2]], markup)


def _title_of(parameter: re.Match[str]) -> str:
    return f"<p>{parameter['value']}</p>" if _TITLE.search(parameter["of"]) else ""


def _box(status: re.Match[str]) -> str:
    return "[x] " if status[1].strip() == "complete" else "[ ] "


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
