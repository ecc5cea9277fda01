"""What the lines of Markdown have beyond CommonMark: formulas, indices, marks, names, open tags."""

import re
from collections.abc import Callable
from functools import partial

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline, html_inline, image, link
from mdit_py_plugins.myst_role.index import myst_role

from jobs.documents.readers.markup.markdown.labels import LabelHelpers

InlineRule = Callable[[StateInline, bool], bool]

_INLINE_MATH = (("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]"))
_TEX = re.compile(r"[\\^_={}]")
_LONG_WORD = re.compile(r"[^\W\d_]{3}")
_MAX_MATH_CHARS = 1_000
_GITHUB_MATH = re.compile(r"\$`([^`\n]{1,1000})`\$")
_INDICES = {"~": "sub", "^": "sup"}
_INDEX = re.compile(r"[~^]([\w+−-]{1,20})[~^](?![~^])")
_STARS = re.compile(r"\*+(?=\d)")  # of a product
_LONG_TAGS = (("<![CDATA[", "]]>"), ("<!--", "-->"), ("<?", "?>"))
_MARKED = {  # and what is inserted, of PyMdown
    "=": re.compile(r"==(?=\S)([^=\n]{1,500})(?<=\S)==(?!\w)"),
    "^": re.compile(r"\^\^(?=\S)([^\^\n]{1,500})(?<=\S)\^\^(?!\w)"),
}
_SPECIAL_NAME = re.compile(r"__([a-z]{2,20}(?:_[a-z]{2,20}){0,2})__(?!\w)")  # Python's
_SPECIAL_NAMES = frozenset(
    """
    init main repr str pycache post_init getitem setitem delitem getattr setattr enter exit slots
    """.split()  # noqa: SIM905 - as a list it would be one name a line
)


def add_inline_rules(parser: MarkdownIt) -> None:
    """Teach `parser` formulas, indices, marks, and names that are no emphasis."""
    parser.helpers = LabelHelpers  # type: ignore[assignment]
    parser.inline.ruler.before("escape", "math_as_written", _inline_math)
    parser.inline.ruler.at("html_inline", _closed_html)
    parser.inline.ruler.at("myst_role", _role)
    parser.inline.ruler.at("link", partial(_closed_label, rule=link))
    parser.inline.ruler.at("image", partial(_closed_label, rule=image))
    parser.inline.ruler.before("emphasis", "index", _index)
    parser.inline.ruler.before("emphasis", "mark", _mark)
    parser.inline.ruler.before("emphasis", "no_emphasis", _no_emphasis)


def show_group(pattern: re.Pattern[str], state: StateInline, silent: bool) -> bool:
    """A rule for the parser: of what `pattern` finds at this place its first group is text."""
    found = pattern.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.push("text", "", 0).content = found[1]
    state.pos = found.end()
    return True


def is_tex(text: str) -> bool:
    """Whether a text has signs of a formula."""
    return _TEX.search(text) is not None


def _inline_math(state: StateInline, silent: bool) -> bool:
    if show_group(_GITHUB_MATH, state, silent):
        return True
    for opening, closing in _INLINE_MATH:
        if not state.src.startswith(opening, state.pos):
            continue
        start = state.pos + len(opening)
        end = state.src.find(closing, start, min(state.posMax, start + _MAX_MATH_CHARS))
        if end <= start or not _is_math(opening, state.src, start, end):
            continue
        end += len(closing)
        if not silent:
            state.push("text", "", 0).content = state.src[state.pos : end]
        state.pos = end
        return True
    return False


def _is_math(opening: str, text: str, start: int, end: int) -> bool:
    """Whether what stands between two marks is a formula, not words in escaped brackets."""
    if opening == "$":
        return _is_dollar_math(text, start, end)
    if opening == "$$" or _TEX.search(text, start, end):
        return True
    return opening == "\\(" and not _LONG_WORD.search(text, start, end)


def _is_dollar_math(text: str, start: int, end: int) -> bool:
    """Pandoc's rule, which leaves sums of money alone."""
    return not (
        text[start].isspace() or text[end - 1].isspace() or text[end + 1 : end + 2].isdigit()
    )


def _closed_html(state: StateInline, silent: bool) -> bool:
    """Tags; what would go on to the end of the text is not looked through for each of many."""
    for start, end in _LONG_TAGS:
        if state.src.startswith(start, state.pos) and _last_place(state, end) < state.pos:
            return False
    return html_inline(state, silent)


def _role(state: StateInline, silent: bool) -> bool:
    """MyST's ``{role}`text` ``; what cannot begin one is not copied to its end to be looked at."""
    can_begin = state.src[state.pos] == "{" and _last_place(state, "`") > state.pos
    return can_begin and myst_role(state, silent)


def _closed_label(state: StateInline, silent: bool, rule: InlineRule) -> bool:
    """Links and pictures, in the same way."""
    return _last_place(state, "]") > state.pos and rule(state, silent)


def _last_place(state: StateInline, end: str) -> int:
    """Where `end` stands last in a text; looked for once."""
    places = state.env.setdefault("last_places", {})
    key = (state.src, end)
    if key not in places:
        places[key] = state.src.rfind(end)
    place: int = places[key]
    return place


def _index(state: StateInline, silent: bool) -> bool:
    """Pandoc's `H~2~O` and `10^6^`."""
    sign = state.src[state.pos]
    tag = _INDICES.get(sign)
    found = tag and _INDEX.match(state.src, state.pos)
    if not tag or not found or not state.src[state.pos - 1 : state.pos].isalnum():
        return False
    if not silent:
        state.push(f"{tag}_open", tag, 1)
        state.push("text", "", 0).content = found[1]
        state.push(f"{tag}_close", tag, -1)
    state.pos = found.end()
    return True


def _mark(state: StateInline, silent: bool) -> bool:
    """`==marked==` and `^^inserted^^`, which are no comparison and no power."""
    sign = state.src[state.pos]
    pattern = _MARKED.get(sign)
    if pattern is None or state.src[state.pos - 1 : state.pos].isalnum():
        return False
    return show_group(pattern, state, silent)


def _no_emphasis(state: StateInline, silent: bool) -> bool:
    """`__init__` and `2*3*4`, which are meant as they stand."""
    before = state.src[state.pos - 1 : state.pos] if state.pos else ""
    if state.src.startswith("__", state.pos):
        found = _SPECIAL_NAME.match(state.src, state.pos, state.posMax)
        if not found or not _is_special(found, before):
            return False
    elif before.isdigit():
        found = _STARS.match(state.src, state.pos, state.posMax)
    else:
        return False
    if found and not silent:
        state.pending += found[0]
    state.pos = found.end() if found else state.pos
    return found is not None


def _is_special(found: re.Match[str], before: str) -> bool:
    goes_on = found.string.startswith((".py", "("), found.end())
    return found[1] in _SPECIAL_NAMES or before == "." or goes_on
