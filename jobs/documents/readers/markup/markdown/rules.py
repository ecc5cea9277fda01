"""What Markdown has beyond CommonMark: formulas, indices, alerts, roles, open tags."""

import re
from functools import partial
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.html_blocks import block_names
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from jobs.documents.readers.markup.markdown.inlines import add_inline_rules, is_tex
from jobs.documents.readers.markup.markdown.words import ATTRIBUTES, PageKind, plain_words

_END = "\\end{"
_BLOCK_MATH = (("$$", "$$"), ("\\[", "\\]"), ("\\begin{", _END))
_BEHIND_MATH = re.compile(r"\s*[.,;:]?\s*(?:\{[^{}]*\}|\(\d[\w.]{0,9}\))?\s*")
_MAX_MATH_LINES = 100
_ALERT = re.compile(r"\[!([A-Za-z]+)\][+-]?[ \t]*")  # GitHub, Obsidian
_HEADING_ATTRIBUTES = re.compile(rf"(?<!\s)\s*(?:\{{[#.:][^{{}}]*\}}|\{{-\}}|{ATTRIBUTES})\Z")
_CAPTION = re.compile(rf"\A:\s+(.+?)(?:\s*{ATTRIBUTES})?\Z", re.DOTALL)  # Pandoc: of a table
_OPTIONS = re.compile(r"(?::[\w-]{1,40}:[^\n]*(?:\n|\Z))+")  # MyST
_BLOCK_ID = re.compile(  # Obsidian: what links lead to; no power of a number or of `a`
    r"(?:(?<=[^\W\d]{2})|(?<=[.!?:;)\]\"']))\s\^(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{6}\Z"
)
_LABELLED = re.compile(r"(?:[•‣◦▪–—·※○●]|[A-Za-z][.)]|\([A-Za-z\d]{1,3}\)|[ivxIVX]{1,5}[.)])\s+\S")
_HARD_BREAK = "\\\n"
_SENTENCE_ENDS = (".", "!", "?", ":", "\u3002")
_LEFT_MARKS = re.compile(r"(\*{2,3})(?=[^\s*])([^*\n]{1,300})(?<=\S)\1(?!\*)")
_EAST_ASIAN = re.compile("[\u3000-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
_LANGUAGE = re.compile(r"\A(?:#!|:::)[a-z][\w+#.-]{0,20}[ ]+(?=\S)")  # PyMdown: of code in a line
_DOCSIFY = ("?> ", "!> ")  # a tip, a warning
_HEADING = re.compile(r"(#{1,6})(?=[^\W_])(.+)")
_MIN_LABELLED = 2  # lines; one may begin so by chance
_TAG_NAME = re.compile(r"</?([A-Za-z][\w-]*)")
_CLOSING_TAG = re.compile(r"</([A-Za-z][\w-]*)")
_OPEN_TAGS = frozenset(  # HTML standard: these may stand without an end
    (
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source"),
        *("track", "wbr", "p", "li", "dt", "dd", "td", "th", "tr", "rt", "rp", "option"),
        *("a", "colgroup", "tbody", "thead", "tfoot"),
    )
)


def add_rules(parser: MarkdownIt, kind: PageKind) -> None:
    """Teach `parser` formulas, indices, marks, alerts, and attributes of headings."""
    add_inline_rules(parser)
    parser.block.ruler.before(
        "fence", "math_as_written", _block_math, {"alt": ["paragraph", "blockquote", "list"]}
    )
    parser.block.ruler.before("heading", "heading_without_space", _heading)
    parser.core.ruler.after("block", "plain_inlines", partial(_plain_inlines, kind=kind))


def closed_tags(text: str) -> set[str]:
    """The names of the tags that have an end in `text`, in lower case."""
    return {name.lower() for name in _CLOSING_TAG.findall(text)}


def make_plain(token: Token, closed: set[str], notes: dict[int, dict[str, Any]]) -> None:
    """Turn an inline token that stands for text into that text.

    These are images, roles, marks of notes, notes within the line, and `<placeholders>`, which are
    no tags because nothing in `closed` ends them.
    """
    match token.type:
        case "text":
            token.content = _LEFT_MARKS.sub(_without_marks, token.content)
        case "image":
            token.type, token.children = "text", None
        case "code_inline":
            token.content = _LANGUAGE.sub("", token.content)
        case "myst_role":
            token.type, token.content = "text", _shown_of_role(token.content)
        case "footnote_ref":
            note = notes.get(token.meta["id"], {})
            label = note.get("label")
            token.type = "text"
            token.content = f" ({note.get('content', '')})" if label is None else f"[{label}]"
        case "html_inline" if is_placeholder(token.content, closed):
            token.type = "text"


def is_placeholder(tag: str, closed: set[str]) -> bool:
    """Whether a tag that stands alone is none of HTML's, but `<your-name>`."""
    found = _TAG_NAME.match(tag)
    if not found or "=" in tag or tag.endswith("/>") or tag.count("<") > 1:
        return False
    name = found[1].lower()
    return name not in _OPEN_TAGS and name not in closed and name not in block_names


def _without_marks(found: re.Match[str]) -> str:
    """Emphasis that CommonMark does not see, as Chinese, Japanese and Korean have no spaces."""
    inner, text = found[2], found.string
    beside = text[found.start() - 1 : found.start()] + text[found.end() : found.end() + 1]
    is_unseen = not (inner[0].isalnum() and inner[-1].isalnum())
    return inner if is_unseen and _EAST_ASIAN.search(inner + beside) else found[0]


def _shown_of_role(content: str) -> str:
    shown, _, target = content.rpartition("<")
    return shown.rstrip() if shown.strip() and target.endswith(">") else content.lstrip("~!")


def _plain_inlines(state: StateCore, kind: PageKind) -> None:
    tokens = state.tokens
    for place, token in enumerate(tokens):
        if token.type != "inline" or not place:
            continue
        token.content = plain_words(token.content, kind)
        before = tokens[place - 1].type
        if before == "heading_open":
            token.content = _HEADING_ATTRIBUTES.sub("", token.content)
        elif found := _ALERT.match(token.content):
            token.content = _alert(found[1].capitalize(), token.content[found.end() :])
        elif before == "paragraph_open":
            if token.content.startswith(_DOCSIFY):
                token.content = token.content[len(_DOCSIFY[0]) :]
            around = tokens[max(0, place - 2)], tokens[min(place + 2, len(tokens) - 1)]
            content = _without_edges(token.content, *around)
            token.content = _with_own_lines(_BLOCK_ID.sub("", content))


def _without_edges(content: str, before: Token, after: Token) -> str:
    """A paragraph without the marks of a table's caption or the options of a directive."""
    if before.type == "table_close" or after.type == "table_open":
        return _CAPTION.sub(r"\1", content)
    if before.type == "container_any_open" and before.info.strip().startswith("{"):
        return _OPTIONS.sub("", content, count=1) if content.startswith(":") else content
    return content


def _alert(kind: str, content: str) -> str:
    """An alert under its own title, if it has one and a text below it; else under its kind."""
    title, _, rest = content.partition("\n")
    title = title.strip()
    if title and rest and not title.endswith(_SENTENCE_ENDS):
        return f"{title}{_HARD_BREAK}{rest}"
    return _HARD_BREAK.join(filter(None, (kind, title, rest)))


def _with_own_lines(content: str) -> str:
    """The text of a paragraph; what is labelled by hand, or begins with a bar, is a line each."""
    lines = content.split("\n")
    if len(lines) > 1 and all(line.startswith("|") for line in lines):
        return _HARD_BREAK.join(line.lstrip("| ") for line in lines)
    labelled = {number for number, line in enumerate(lines) if _LABELLED.match(line)}
    if len(labelled) < _MIN_LABELLED:
        return content
    return "".join(
        line if not number else (_HARD_BREAK if number in labelled else "\n") + line
        for number, line in enumerate(lines)
    )


def _block_math(state: StateBlock, first: int, end_line: int, silent: bool) -> bool:
    opened = _line(state, first)
    closing = next((end for start, end in _BLOCK_MATH if opened.startswith(start)), None)
    if closing is None or state.is_code_block(first):
        return False
    if closing in opened[2:] and not _is_all_math(opened, closing):
        return False
    if (
        opened.startswith("\\[")
        and closing in opened
        and not is_tex(opened[2:].partition(closing)[0])
    ):
        return False  # words in brackets
    for number in range(first, min(end_line, first + _MAX_MATH_LINES)):
        line = _line(state, number)
        if line.startswith(closing) if number > first else closing in line[2:]:
            break
        if number > first and line.endswith(closing):
            break
    else:
        return False
    if not silent:
        token = state.push("code_block", "code", 0)
        token.content = state.getLines(first, number + 1, state.blkIndent, keepLastLF=True)
        token.map = [first, number + 1]
        state.line = number + 1
    return True


def _is_all_math(line: str, closing: str) -> bool:
    """Whether a line that ends a formula has hardly anything behind it."""
    if closing == _END:
        rest = line.rpartition(closing)[2].partition("}")[2]
    else:
        rest = line[2:].partition(closing)[2]
    return _BEHIND_MATH.fullmatch(rest) is not None


def _heading(state: StateBlock, first: int, end_line: int, silent: bool) -> bool:
    """`##Title` between empty lines, which many parsers took for a heading once."""
    found = _HEADING.fullmatch(_line(state, first))
    is_alone = (first == 0 or state.isEmpty(first - 1)) and (
        first + 1 >= end_line or state.isEmpty(first + 1)
    )
    if not found or not is_alone or state.is_code_block(first):
        return False
    if not silent:
        tag = f"h{len(found[1])}"
        state.push("heading_open", tag, 1).map = [first, first + 1]
        token = state.push("inline", "", 0)
        token.content, token.map, token.children = found[2].rstrip("# "), [first, first + 1], []
        state.push("heading_close", tag, -1)
        state.line = first + 1
    return True


def _line(state: StateBlock, number: int) -> str:
    start = state.bMarks[number] + state.tShift[number]
    return state.src[start : state.eMarks[number]].rstrip()
