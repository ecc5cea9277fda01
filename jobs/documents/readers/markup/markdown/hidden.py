"""What of Markdown nobody sees: comments of several programs, where the contents of a page go."""

import re
from functools import partial

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock

from jobs.documents.readers.markup.markdown.words import PageKind

_COMMENTS = (("{/*", "*/}"), ("%%", "%%"))  # MDX, Obsidian
_LIQUID_COMMENT = re.compile(r"\{%-?\s{0,9}(end)?comment\s{0,9}-?%\}")
_CONTENTS_ITEM = re.compile(r"(?:[*+-]|\d{1,3}\.)[ \t][^\n]{1,60}")
_CONTENTS_MARK = re.compile(r"\{:\s*toc\b[^{}\n]*\}")  # kramdown: the list becomes the contents
_MAX_LINES = 200  # of a comment


def add_hidden_rules(parser: MarkdownIt, kind: PageKind, *, before: str) -> None:
    """Teach `parser` what is left out; `before` is the rule that would take it for text."""
    within: RuleOptionsType = {"alt": ["paragraph", "blockquote", "list"]}
    comment = partial(_comment, is_of_vault=kind.is_of_vault)
    parser.block.ruler.before(before, "component_comment", comment, within)
    parser.block.ruler.before(before, "contents_list", _contents_list, within)


def _comment(state: StateBlock, first: int, end_line: int, silent: bool, is_of_vault: bool) -> bool:
    opened = _line(state, first)
    if state.is_code_block(first):
        return False
    if _LIQUID_COMMENT.fullmatch(opened):
        return _liquid_comment(state, first, end_line, silent)
    end = next((end for start, end in _COMMENTS if opened.startswith(start)), "")
    if not end or (end == "%%" and opened != end and not is_of_vault):
        return False
    is_own_end = opened.endswith(end) and len(opened) > len(end)
    for number in range(first + (not is_own_end), min(end_line, first + _MAX_LINES)):
        if _line(state, number).endswith(end):
            if not silent:
                state.line = number + 1
            return True
    return False


def _liquid_comment(state: StateBlock, first: int, end_line: int, silent: bool) -> bool:
    """From a line that opens one to the line that ends it."""
    for number in range(first + 1, min(end_line, first + _MAX_LINES)):
        found = _LIQUID_COMMENT.fullmatch(_line(state, number))
        if found:
            state.line = number + 1 if found[1] and not silent else state.line
            return found[1] is not None
    return False


def _contents_list(state: StateBlock, first: int, end_line: int, silent: bool) -> bool:
    """kramdown: a list of one item that only says where the contents go."""
    is_marked = first + 1 < end_line and _CONTENTS_MARK.fullmatch(_line(state, first + 1))
    if not is_marked or state.is_code_block(first):
        return False
    if not _CONTENTS_ITEM.fullmatch(_line(state, first)):
        return False
    if not silent:
        state.line = first + 2
    return True


def _line(state: StateBlock, number: int) -> str:
    start = state.bMarks[number] + state.tShift[number]
    return state.src[start : state.eMarks[number]].rstrip()
