"""Org as pandoc understands it: what it has no words for, code aside."""

import re
from collections.abc import Iterator

_OPTIONS = "#+OPTIONS: tags:nil H:9\n"  # marks of headings, for searches; all headings are such
_MARKS = re.compile(  # targets that all of their words lead to; priorities of headings
    r"<<<([^<>\n]{1,200})>>>|(?<=\*[ ])\[#[A-Z\d]\][ ]?|(?<=TODO[ ]|DONE[ ])\[#[A-Z\d]\][ ]?"
)
_NAME = re.compile(r"\\((?:La|Xe|XeLa|Lua|LuaLa|Bib)?TeX)(?:\{\}|(?![A-Za-z]))")
_CODE_IN_LINE = re.compile(r"((?<![^\s\-({'\"])(?:=[^=\n]{1,300}=|~[^~\n]{1,300}~))")
_FIXED = re.compile(r"[ \t]*:(?:[ \t]|\Z)")
_BEGIN = re.compile(r"[ \t]*#\+begin_(src|example|export)\b", re.IGNORECASE)


def prepared(text: str) -> str:
    """`text` with the names of programs of TeX in letters, and without marks that are no text."""
    return _OPTIONS + "\n".join(_lines(text.split("\n")))


def _lines(lines: list[str]) -> Iterator[str]:
    end = ""
    for line in lines:
        begun = _BEGIN.match(line) if not end else None
        if end:
            end = "" if line.strip().lower() == end else end
        elif begun:
            end = f"#+end_{begun[1].lower()}"
        elif not _FIXED.match(line):
            parts = enumerate(_CODE_IN_LINE.split(line))
            line = "".join(part if number % 2 else _plain(part) for number, part in parts)
        yield line


def _plain(text: str) -> str:
    return _NAME.sub(r"\1", _MARKS.sub(r"\1", text))
