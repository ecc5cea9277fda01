r"""Commands of LaTeX in forms that pandoc does not know, in those that it knows.

Definitions by `\NewDocumentCommand`, options of links and boxes, lists of sources.
"""

import re

_DEFINED = re.compile(
    r"\\(?:New|Renew|Provide|Declare)DocumentCommand\s{0,9}\{?\\([A-Za-z]{1,40})\}?\s{0,9}"
    r"\{\s{0,9}(?:(o|O\s{0,9}\{([^{}]{0,80})\})\s{0,9})?((?:m\s{0,9}){0,9})\}"
)
_LINK_OPTION = re.compile(r"(\\href)\s?\[[^\[\]]{0,200}\](?=\s?\{)")
_WIDE_BOX = re.compile(r"\\(?:makebox|framebox)(?![A-Za-z])(?:\s?\[[^\[\]]{0,30}\]){0,2}(?=\s?\{)")
_SOURCES = re.compile(r"\\begin\{thebibliography\}\s{0,9}(?:\{[^{}]{0,80}\})?")
_SOURCES_END = "\\end{thebibliography}"
_SOURCE = re.compile(
    r"\\bibitem\s?(?:\[(?:[^\[\]{}]|\{[^{}]{0,80}\}){0,80}\])?\s?\{([^{}]{1,80})\}"
)
_PART_OF_SOURCE = re.compile(r"\\newblock(?![A-Za-z])")


def with_plain_words(source: str) -> str:
    """`source` with such commands in the words of LaTeX itself."""
    source = _DEFINED.sub(_definition, source)
    source = _WIDE_BOX.sub(r"\\mbox", _LINK_OPTION.sub(r"\1", source))
    if "\\bibitem" not in source:
        return source
    source = _SOURCES.sub(r"\\section*{References}", source).replace(_SOURCES_END, "")
    return _PART_OF_SOURCE.sub(" ", _SOURCE.sub(r"\\par{}[\1] ", source))


def _definition(found: re.Match[str]) -> str:
    name, option, default, arguments = found.groups()
    count = bool(option) + arguments.count("m")
    told = f"[{count}]" * bool(count) + f"[{default or ''}]" * bool(option)
    return f"\\newcommand{{\\{name}}}{told}"
