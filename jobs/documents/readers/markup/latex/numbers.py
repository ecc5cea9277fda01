r"""Numbers of LaTeX's equations, and what pandoc leaves of references and citations."""

import re

_PIECES = re.compile(
    r"\\(?P<edge>begin|end)\{(?:(?P<one>equation|multline)|align|gather|eqnarray|flalign)\}"
    r"|\\(?P<inner>begin|end)\{(?:split|aligned|alignedat|gathered|cases|array|[a-zA-Z]?matrix)\}"
    r"|(?P<row>\\\\)|\\(?P<unnumbered>nonumber|notag)(?![A-Za-z])"
    r"|\\label\{(?P<label>[^{}]{1,80})\}|\\tag\*?\{(?P<tag>[^{}]{1,40})\}"
)
_REFERENCE = re.compile(r"\\(?P<kind>eqref|ref|autoref|[cC]ref)\*?\{(?P<label>[^{}]{1,80})\}")
_SOURCE = re.compile(r"(<annotation [^<>]*tex[^<>]*>)([^<]*)")
_EDGES = re.compile(r"\\(?:begin|end)\{(?:equation|align|gather|multline|eqnarray|flalign)\*?\}")
_TAG = re.compile(r"(?<!\s)\s*\\tag\*?\{([^{}]*)\}")
_UNREAD = re.compile(
    r'<span\s+class="math (?P<kind>inline|display)">(?P<mark>\$\$?)'
    r"(?P<formula>[^<]{0,20000}?)(?P=mark)</span>"
)
_LABEL = re.compile(r"\\label\{[^{}]*\}")
_LINK = re.compile(
    r'(\s?)<a href="#[^"<>]*" data-reference-type="([\w+]*)" data-reference="([^"<>]*)">'
    r"([^<>]*)</a>"
)
_LEFT_OVER = re.compile(r"\s?\[[^\[\]]*\]")
_CODE_CAPTION = re.compile(r'<(pre|div)\b([^<>]*?) data-caption="([^"<>]*)"')
_CITATION = re.compile(r'<span class="citation" data-cites="([^"<>]*)">\s*</span>')
_WORDS = {
    "fig": "Figure", "tab": "Table", "tbl": "Table", "sec": "Section", "subsec": "Section",
    "ch": "Chapter", "chap": "Chapter", "cha": "Chapter", "app": "Appendix", "lst": "Listing",
    "alg": "Algorithm", "thm": "Theorem", "lem": "Lemma", "def": "Definition", "eq": "Equation",
    "prop": "Proposition", "cor": "Corollary", "ex": "Example", "part": "Part",
}  # fmt: skip


def with_numbers(source: str) -> str:
    """`source` with the numbers of equations that it refers to, as tags and where it does so."""
    if "\\label" not in source or "ref" not in source:
        return source
    numbers: dict[str, str] = {}
    pieces, place = [], 0
    for start, end, label, number in _labels_of_equations(source):
        numbers[label] = number
        pieces += [source[place:start], f"\\tag{{{number}}}"]
        place = end
    if not numbers:
        return source

    def shown(found: re.Match[str]) -> str:
        number = numbers.get(found["label"])
        if number is None:
            return found[0]
        kind = found["kind"]
        return {"ref": number, "eqref": f"({number})"}.get(kind, f"Equation~{number}")

    return _REFERENCE.sub(shown, "".join([*pieces, source[place:]]))


def _labels_of_equations(source: str) -> list[tuple[int, int, str, str]]:
    """Where each label of an equation stands, what it is called, and its number."""
    found: list[tuple[int, int, str, str]] = []
    number, is_within, counts = 0, False, True
    inner = 0  # in how many parts a row is that is none of the equations
    for piece in _PIECES.finditer(source):
        if piece["edge"]:
            number += is_within and counts
            is_within, counts = piece["edge"] == "begin", True
            inner = int(bool(piece["one"]))
        elif not is_within:
            continue
        elif piece["inner"]:
            inner += 1 if piece["inner"] == "begin" else -1
        elif piece["row"]:
            number, counts = (number, counts) if inner > 0 else (number + counts, True)
        elif piece["unnumbered"] or piece["tag"]:
            counts = False
        else:
            found.append((*piece.span(), piece["label"], str(number + 1)))
    return found


def with_references(html: str) -> str:
    """Pandoc's HTML of LaTeX without keys that nobody sees in print; citations have theirs."""
    html = _CITATION.sub(lambda found: f"[{', '.join(found[1].split())}]", html)
    html = _UNREAD.sub(_unread_formula, html)
    html = _SOURCE.sub(_plain_formula, _CODE_CAPTION.sub(r"<p>\3</p><\1\2", html))
    return _LINK.sub(_plain_reference, html) if "data-reference" in html else html


def _plain_formula(found: re.Match[str]) -> str:
    return found[1] + _formula(found[2])


def _formula(source: str) -> str:
    """A formula with its number behind it; those of several lines stay in their lines."""
    text = _LABEL.sub("", _EDGES.sub("", source)).strip()
    first = _TAG.match(text)
    if first:
        text = f"{text[first.end() :].strip()} \\tag{{{first[1]}}}"
    return _TAG.sub(r" (\1)", text)


def _unread_formula(found: re.Match[str]) -> str:
    """One that pandoc did not understand."""
    end = "<br>" * (found["kind"] == "display")
    return f"{end}{_formula(found['formula'])}{end}"


def _plain_reference(found: re.Match[str]) -> str:
    space, kind, key, text = found.groups()
    if _LEFT_OVER.fullmatch(text):
        return ""  # what it leads to stands in another file
    word = _WORDS.get(key.partition(":")[0]) if kind == "ref+label" else None
    return space + (f"{word} {text}" if word else text)
