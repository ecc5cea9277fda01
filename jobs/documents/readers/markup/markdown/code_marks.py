"""Marks in code that tell a generator of sites which lines to highlight, and are not shown.

As VitePress, Shiki and Docusaurus have them: a comment of its own at the end of a line, or a line.
"""

import re

_START, _END = r"(?://|#|--|;|%|<!--|/\*|\{/\*)", r"(?:-->|\*/\}?)?"
_MARK = re.compile(rf"[ \t]*{_START}[ \t]*\[!code [\w:+\-., ]{{1,60}}\][ \t]*{_END}[ \t]*$")
_LINE = re.compile(rf"[ \t]*{_START}[ \t]*highlight-(?:next-line|start|end)[ \t]*{_END}[ \t]*")
_SIGNS = ("[!code ", "highlight-")


def without_marks(code: str) -> str:
    """`code` without such marks; of a line that is nothing else nothing is left."""
    if not any(sign in code for sign in _SIGNS):
        return code
    return "\n".join(line for each in code.split("\n") if (line := _shown(each)) is not None)


def _shown(line: str) -> str | None:
    if _LINE.fullmatch(line):
        return None
    found = _MARK.search(line) if _SIGNS[0] in line else None
    if found is None:
        return line
    return line[: found.start()] if line[: found.start()].strip() else None
