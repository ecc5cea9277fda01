r"""Code in LaTeX, in which nothing is changed: all kinds of it are `verbatim`, as pandoc has it.

Environments for code that a page defines itself (`\lstnewenvironment`) are known by that.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_PRIVATE = range(0xE000, 0xF900)  # Unicode: for private use
_FILE = "filecontents"  # another file, which is none of the page
_KNOWN = rf"verbatim|[BL]?Verbatim|lstlisting|minted|{_FILE}\*?"  # to pandoc
_VERBATIM = ("alltt", "tcblisting", "pyglist", "spverbatim", "verbatim*", "Verbatim*", "minted*")
_DEFINED = re.compile(
    r"\\(?:lstnewenvironment|(?:Define|Recustom|Custom)VerbatimEnvironment|newtcblisting"
    r"(?:\[[^\[\]]{0,80}\])?)\{([A-Za-z]{1,40}\*?)\}"
    r"|\\newminted(?:\[([A-Za-z]{1,40})\])?\{([a-z]{1,20})\}"
)
_DEFINED_IN_LINE = re.compile(r"\\newmintinline(?:\[([A-Za-z]{1,40})\])?\{([a-z]{1,20})\}")
_SHORT = re.compile(  # the sign between two of which code stands
    r"\\(?:(?:MakeShortVerb|DefineShortVerb)\*?\{?\\|lstMakeShortInline(?:\[[^\[\]]{0,200}\])?\\?)"
    r"([|!+\"])"
)
_ARGUMENTS = re.compile(r"(?:\[[^\[\]\n]{0,300}\]|\{[^{}\n]{0,300}\}){0,5}[ \t]*\n")
_STYLE = re.compile(r"\\(?:text(?:bf|it|tt|sl|rm)|emph|underline)\{([^{}\n]{0,300})\}|\\([{}])")
_ALLTT = "alltt"  # in which commands are such
_MAX_NAMES = 50


class HiddenCode(NamedTuple):
    """A page with `mark` around a number in the place of each of its `codes`."""

    text: str
    codes: list[str]
    mark: str

    def shown_in(self, text: str) -> str:
        """What has become of the page, with its code."""
        if not self.codes:
            return text
        place = re.compile(f"{self.mark}(\\d+){self.mark}")
        return place.sub(lambda found: self.codes[int(found[1])], text)


def without_code(source: str) -> HiddenCode:
    """`source` without its code; it has none if it has every sign that could stand for it."""
    used = set(source)
    mark = next((sign for sign in map(chr, _PRIVATE) if sign not in used), "")
    if not mark:
        return HiddenCode(source, [], mark)
    pieces, codes, place = [], list[str](), 0
    for start, end, code in _codes(source):
        pieces += [source[place:start], f"{mark}{len(codes)}{mark}"]
        codes.append(code)
        place = end
    return HiddenCode("".join([*pieces, source[place:]]), codes, mark)


def _codes(source: str) -> Iterator[tuple[int, int, str]]:
    """Where code stands, and what stands for it, in order."""
    others = _own_environments(source)
    place = 0
    unclosed: set[str] = set()
    for found in _pattern(source, others).finditer(source):
        if found.start() < place:
            continue
        name, place = found["name"], found.end()
        if name is None:
            yield found.start(), place, _in_line(found)
            continue
        end_mark = f"\\end{{{name}}}"
        end = source.find(end_mark, place) if end_mark not in unclosed else -1
        if end < 0:
            unclosed.add(end_mark)
            continue
        if name in others or name.startswith(_FILE):
            yield found.start(), end + len(end_mark), _as_verbatim(name, source[place:end])
        else:
            yield found.start(), end, source[found.start() : end]
        place = end


def _own_environments(source: str) -> set[str]:
    """The environments for code that pandoc does not know."""
    defined = (name or own or f"{language}code" for name, own, language in _DEFINED.findall(source))
    return {*_VERBATIM, *list(dict.fromkeys(defined))[:_MAX_NAMES]}


def _pattern(source: str, others: set[str]) -> re.Pattern[str]:
    names = "|".join([_KNOWN, *map(re.escape, sorted(others))])
    own = (name or f"{language}inline" for name, language in _DEFINED_IN_LINE.findall(source))
    commands = "|".join(["lstinline", *sorted(set(list(own)[:_MAX_NAMES]))])
    signs = re.escape("".join(sorted(set(_SHORT.findall(source)))))
    short = rf"|(?<![\w{{}}\\>{signs}])(?P<short>[{signs}])(?=\S)[^\n]{{1,80}}?(?P=short)" * bool(
        signs
    )
    return re.compile(
        rf"\\begin\{{(?P<name>{names})\}}"
        r"|\\verb\*?(?P<sign>[^\sA-Za-z*])[^\n]{0,1000}?(?P=sign)"
        rf"|\\(?P<command>{commands}|mintinline(?:\[[^\[\]\n]{{0,200}}\])?\{{[a-z+-]{{1,20}}\}})"
        r"(?:\[[^\[\]\n]{0,200}\])?(?:\{(?P<braced>[^{}\n]{0,500})\}"
        r"|(?P<other>[^\sA-Za-z*{\[])(?P<code>[^\n]{0,1000}?)(?P=other))" + short
    )


def _in_line(found: re.Match[str]) -> str:
    if found["command"] is not None:
        code = found["braced"] if found["braced"] is not None else found["code"]
        sign = next((each for each in "|!+\"'@" if each not in code), "")
        return f"\\verb{sign}{code}{sign}" if sign else found[0]
    is_short = found.re.groupindex.get("short") is not None and found["short"] is not None
    return f"\\verb{found[0]}" if is_short else found[0]


def _as_verbatim(name: str, code: str) -> str:
    if name.startswith(_FILE):
        return ""
    arguments = _ARGUMENTS.match(code)
    code = "\n" + code[arguments.end() :] if arguments else code
    if name == _ALLTT:
        code = _STYLE.sub(lambda found: found[1] or found[2] or "", code)
    return f"\\begin{{verbatim}}{code}\\end{{verbatim}}"
