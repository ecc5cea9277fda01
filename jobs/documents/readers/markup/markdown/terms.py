"""Lists of definitions of Markdown: several terms, a line each, may have the same definitions."""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin

_RULE = "deflist"
_DEFINITION = re.compile(r"[:~][ \t]+\S")
_TERM = re.compile(r"(?![-+*]\s|[->#|:~=]|\d+[.)]\s|`{3}|\*{3}).{0,79}[^\s.!?:;,\u3002]")
_MAX_TERMS = 12


def add_term_rule(parser: MarkdownIt) -> None:
    """Teach `parser` lists of definitions."""
    parser.use(deflist_plugin)
    rule = next(rule.fn for rule in parser.block.ruler.__rules__ if rule.name == _RULE)

    def several_terms(state: StateBlock, first: int, end_line: int, silent: bool) -> bool:
        last = _last_term(state, first, end_line)
        if silent or last == first:
            return False
        start = len(state.tokens)
        if not rule(state, last, end_line, silent):
            return False
        terms = [token for line in range(first, last) for token in _term(state, line)]
        state.tokens[start + 1 : start + 1] = terms
        return True

    parser.block.ruler.before(_RULE, "several_terms", several_terms)


def _last_term(state: StateBlock, first: int, end_line: int) -> int:
    """The last of several lines of terms above a definition; `first` if they are none."""
    for number in range(first, min(end_line, first + _MAX_TERMS)):
        line = _line(state, number)
        if number > first and _DEFINITION.match(line):
            return number - 1
        if not _TERM.fullmatch(line) or state.is_code_block(number):
            return first
    return first


def _term(state: StateBlock, line: int) -> tuple[Token, Token, Token]:
    opened = Token("dt_open", "dt", 1, level=state.level + 1, block=True, map=[line, line])
    text = Token("inline", "", 0, level=state.level + 2, block=True, map=[line, line])
    text.content, text.children = _line(state, line), []
    return opened, text, Token("dt_close", "dt", -1, level=state.level + 1, block=True)


def _line(state: StateBlock, number: int) -> str:
    start = state.bMarks[number] + state.tShift[number]
    return state.src[start : state.eMarks[number]].rstrip()
