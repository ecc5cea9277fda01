"""What Markdown has beyond CommonMark: formulas, alerts, attributes, roles, open tags."""

import re
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

_INLINE_MATH = (("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]"))
_BLOCK_MATH = (("$$", "$$"), ("\\[", "\\]"), ("\\begin{", "\\end{"))
_MAX_MATH_CHARS = 1_000
_MAX_MATH_LINES = 100
_ALERT = re.compile(r"\[!([A-Za-z]+)\][+-]?[ \t]*")  # GitHub, Obsidian
_ATTRIBUTES = ("#", ".", ":")
_TAG_NAME = re.compile(r"</?([A-Za-z][\w-]*)")
_CLOSING_TAG = re.compile(r"</([A-Za-z][\w-]*)")
_OPEN_TAGS = frozenset(  # HTML standard: these may stand without an end
    (
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source"),
        *("track", "wbr", "p", "li", "dt", "dd", "td", "th", "tr", "rt", "rp", "option"),
        *("a", "colgroup", "tbody", "thead", "tfoot"),
    )
)


def add_rules(parser: MarkdownIt) -> None:
    """Teach `parser` formulas, alerts and attributes of headings."""
    parser.inline.ruler.before("escape", "math_as_written", _inline_math)
    parser.block.ruler.before(
        "fence", "math_as_written", _block_math, {"alt": ["paragraph", "blockquote", "list"]}
    )
    parser.core.ruler.after("block", "plain_inlines", _plain_inlines)


def closed_tags(text: str) -> set[str]:
    """The names of the tags that have an end in `text`, in lower case."""
    return {name.lower() for name in _CLOSING_TAG.findall(text)}


def make_plain(token: Token, closed: set[str], notes: dict[int, dict[str, Any]]) -> None:
    """Turn an inline token that stands for text into that text.

    These are images, roles, marks of notes, notes within the line, and `<placeholders>`, which are
    no tags because nothing in `closed` ends them.
    """
    match token.type:
        case "image":
            token.type, token.children = "text", None
        case "myst_role":
            token.type, token.content = "text", _shown_of_role(token.content)
        case "footnote_ref":
            note = notes.get(token.meta["id"], {})
            label = note.get("label")
            token.type = "text"
            token.content = f" ({note.get('content', '')})" if label is None else f"[{label}]"
        case "html_inline" if _is_placeholder(token.content, closed):
            token.type = "text"


def _is_placeholder(tag: str, closed: set[str]) -> bool:
    found = _TAG_NAME.match(tag)
    if not found or "=" in tag or tag.endswith("/>"):
        return False
    name = found[1].lower()
    return name not in _OPEN_TAGS and name not in closed


def _shown_of_role(content: str) -> str:
    shown, _, target = content.rpartition("<")
    return shown.rstrip() if shown.strip() and target.endswith(">") else content.lstrip("~!")


def _plain_inlines(state: StateCore) -> None:
    for before, token in zip([None, *state.tokens], state.tokens, strict=False):
        if token.type != "inline" or before is None:
            continue
        if before.type == "heading_open" and token.content.endswith("}"):
            title, _, attributes = token.content.rpartition("{")
            if attributes.startswith(_ATTRIBUTES):
                token.content = title.rstrip()
        elif found := _ALERT.match(token.content):
            title = found[1].capitalize()
            token.content = f"{title}\\\n" + token.content[found.end() :].lstrip("\n")


def _inline_math(state: StateInline, silent: bool) -> bool:
    for opening, closing in _INLINE_MATH:
        if not state.src.startswith(opening, state.pos):
            continue
        start = state.pos + len(opening)
        end = state.src.find(closing, start, min(state.posMax, start + _MAX_MATH_CHARS))
        if end <= start or (opening == "$" and not _is_dollar_math(state.src, start, end)):
            continue
        end += len(closing)
        if not silent:
            state.push("text", "", 0).content = state.src[state.pos : end]
        state.pos = end
        return True
    return False


def _is_dollar_math(text: str, start: int, end: int) -> bool:
    """Pandoc's rule, which leaves sums of money alone."""
    return not (
        text[start].isspace() or text[end - 1].isspace() or text[end + 1 : end + 2].isdigit()
    )


def _block_math(state: StateBlock, first: int, end_line: int, silent: bool) -> bool:
    opened = _line(state, first)
    closing = next((end for start, end in _BLOCK_MATH if opened.startswith(start)), None)
    if closing is None or state.is_code_block(first):
        return False
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


def _line(state: StateBlock, number: int) -> str:
    start = state.bMarks[number] + state.tShift[number]
    return state.src[start : state.eMarks[number]].rstrip()
