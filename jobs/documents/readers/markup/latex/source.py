r"""LaTeX as pandoc understands it: signs, boxes, programs and abbreviations that it knows not.

What is defined here comes before the page, so that a definition of the page's own counts instead.
"""

import re

from jobs.documents.readers.markup.latex.cells import with_plain_cells
from jobs.documents.readers.markup.latex.closing import closed
from jobs.documents.readers.markup.latex.code import without_code
from jobs.documents.readers.markup.latex.environments import with_known_environments
from jobs.documents.readers.markup.latex.numbers import with_numbers
from jobs.documents.readers.markup.latex.plain_words import with_plain_words
from jobs.documents.readers.markup.latex.slides import as_one_page

_SIGNS = {
    "texttrademark": "™", "texteuro": "€", "euro": "€", "textcelsius": "°C", "textohm": "Ω",
    "textrightarrow": "→", "textleftarrow": "←", "textuparrow": "↑", "textdownarrow": "↓",
    "dag": "†", "ddag": "‡", "textdaggerdbl": "‡", "textperthousand": "‰", "textnumero": "№",
    "texttimes": "×", "textdiv": "÷", "textpm": "±", "textsurd": "√", "checkmark": "✓",
    "textordfeminine": "ª", "textordmasculine": "º", "textemdash": "—", "textendash": "–",
    "textvisiblespace": "␣", "textunderscore": "\\_", "textbraceleft": "\\{",
    "textbraceright": "\\}", "textasteriskcentered": "*", "textcent": "¢", "textcurrency": "¤",
    "textexclamdown": "¡", "textquestiondown": "¿", "textonesuperior": "¹", "textminus": "−",
    "textbardbl": "‖", "textwon": "₩", "textestimated": "℮", "textrecipe": "℞",
    "textservicemark": "℠", "textinterrobang": "‽", "textreferencemark": "※",
    "dh": "ð", "th": "þ", "TH": "Þ", "DH": "Ð", "LaTeXe": "LaTeX2e", "XeTeX": "XeTeX",
    "LuaTeX": "LuaTeX", "BibTeX": "BibTeX", "pdfLaTeX": "pdfLaTeX", "XeLaTeX": "XeLaTeX",
    "LuaLaTeX": "LuaLaTeX", "pdfTeX": "pdfTeX", "KOMAScript": "KOMA-Script",
    "today": "",  # else the page is another each day
}  # fmt: skip
_SHOWN = {  # of several arguments, which is text
    **dict.fromkeys(
        ("ce", "keys", "menu", "directory", "textls", "oldstylenums", "fbox"), "[1]{#1}"
    ),
    **dict.fromkeys(("subcaption", "shadowbox", "ovalbox"), "[1]{#1}"),
    **dict.fromkeys(("only", "uncover", "visible", "onslide"), "[1]{#1}"),  # of slides
    "alt": "[2]{#1 #2}",
    **dict.fromkeys(("IEEEPARstart", "PARstart"), "[2]{#1#2}"),  # of which the first is large
    "lettrine": "[3][]{#2#3}",
    "addsec": "[1]{\\section*{#1}}",
    "addchap": "[1]{\\chapter*{#1}}",
    **dict.fromkeys(("scalebox", "adjustbox", "raisebox"), "[2]{#2}"),
    "rotatebox": "[3][]{#3}",
    "textquote": "[2][]{\\enquote{#2}}",
    **dict.fromkeys(("resizebox", "fcolorbox"), "[3]{#3}"),
    "footnotetext": "[2][]{\\footnote{#2}}",
    "footnotemark": "[1][]{}",
}
_KEYS = {"ctrl": "Ctrl", "shift": "Shift", "Alt": "Alt", "tab": "Tab", "esc": "Esc"}
_STEPS = {  # of algorithms: how many arguments, and what stands for them
    "State": (0, r"\par "), "If": (1, r"\par if #1 then "), "ElsIf": (1, r"\par else if #1 then "),
    "Else": (0, r"\par else "), "EndIf": (0, r"\par end if"), "For": (1, r"\par for #1 do "),
    "ForAll": (1, r"\par for all #1 do "), "EndFor": (0, r"\par end for"),
    "While": (1, r"\par while #1 do "), "EndWhile": (0, r"\par end while"),
    "Repeat": (0, r"\par repeat "), "Until": (1, r"\par until #1"), "Loop": (0, r"\par loop "),
    "EndLoop": (0, r"\par end loop"), "Function": (2, r"\par function #1(#2) "),
    "EndFunction": (0, r"\par end function"), "Procedure": (2, r"\par procedure #1(#2) "),
    "EndProcedure": (0, r"\par end procedure"), "Call": (2, r"#1(#2)"), "Return": (0, r"return "),
    "Require": (0, r"\par Require: "), "Ensure": (0, r"\par Ensure: "), "Comment": (1, r" // #1"),
    "STATE": (0, r"\par "), "IF": (1, r"\par if #1 then "), "ELSE": (0, r"\par else "),
    "ELSIF": (1, r"\par else if #1 then "), "ENDIF": (0, r"\par end if"),
    "FOR": (1, r"\par for #1 do "), "FORALL": (1, r"\par for all #1 do "),
    "ENDFOR": (0, r"\par end for"), "WHILE": (1, r"\par while #1 do "),
    "ENDWHILE": (0, r"\par end while"), "REPEAT": (0, r"\par repeat "),
    "UNTIL": (1, r"\par until #1"), "RETURN": (0, r"\par return "),
    "REQUIRE": (0, r"\par Require: "), "ENSURE": (0, r"\par Ensure: "), "COMMENT": (1, r" // #1"),
}  # fmt: skip
_ALGORITHMS = r"\begin{algorithmic}"
_COMMAND = re.compile(r"\\([A-Za-z]{2,30})")
_DINGBAT = re.compile(r"\\ding\{(\d{2,3})\}")
_FIRST_DINGBAT, _LAST_DINGBAT, _DINGBATS = 33, 126, 0x2700 - 32  # of pifont, of Unicode
_ABSTRACT = re.compile(r"\\(begin|end)\{abstract\}")
_BOX = re.compile(  # a box with options, its title among them
    r"\\begin\{(?:tcolorbox|mdframed|[a-z]{1,20}box|[a-z]{1,20}frame)\}\[([^\[\]]{1,500})\]"
)
_TITLE = re.compile(r"(?<![\w ])\s{0,9}title\s{0,9}=\s{0,9}(?:\{([^{}]{1,200})\}|([^,{}]{1,200}))")
_CAPTION = re.compile(
    r"(\\begin\{algorithm\*?\}(?:\[[^\[\]]{0,20}\])?\s{0,99}(?:\\(?:centering|small)\s{0,99})?)"
    r"\\caption(?=\{)"
)
_SHORT_FORM = re.compile(
    r"\\(?:newacronym(?:\[[^\[\]]{0,200}\])?\{([^{}]{1,80})\}\s{0,99}\{([^{}]{1,80})\}\s{0,99}"
    r"\{([^{}]{1,200})\}"
    r"|acro\{([^{}]{1,80})\}(?:\[([^\[\]]{1,80})\])?\s{0,99}\{([^{}]{1,200})\})"
)
_TERM = re.compile(
    r"\\newglossaryentry\{([^{}]{1,80})\}\s{0,99}\{[^{}]{0,200}?name\s{0,9}=\s{0,9}\{?([^,{}]{1,80})"
)
_TERM_USED = re.compile(
    r"\\(?:(?P<long>acrlong|acl)|(?P<full>acrfull|acf)|(?P<plural>glspl|Glspl|acp|acsp)"
    r"|gls|Gls|GLS|acrshort|acs|ac)\*?\{(?P<label>[^{}]{1,80})\}"
)
_HEADING = re.compile(
    r"\\(?:part|chapter|(?:sub){0,2}section|paragraph)\*?\{([^{}]{1,200})\}\s{0,99}"
    r"\\label\{([^{}]{1,80})\}"
)
_HEADING_NAMED = re.compile(r"\\(?:nameref|Nameref|titleref)\*?\{([^{}]{1,80})\}")


def prepared(source: str) -> str:
    """`source` in words that pandoc knows."""
    names = set(_COMMAND.findall(source))
    hidden = without_code(source)
    source = with_plain_words(as_one_page(closed(hidden.text)))
    source = with_plain_cells(source)
    source = _with_terms(with_numbers(with_known_environments(source)))
    if "\\title" not in source:  # pandoc shows an abstract below a title alone
        source = _ABSTRACT.sub(r"\\\1{quote}", source)
    source = _BOX.sub(_with_title, _CAPTION.sub(r"\1\\textbf", source))
    source = _DINGBAT.sub(_dingbat, source)
    titles = {label: title for title, label in _HEADING.findall(source)}
    source = _HEADING_NAMED.sub(lambda found: titles.get(found[1], ""), source)
    return _definitions(names, is_algorithm=_ALGORITHMS in source) + hidden.shown_in(source)


def _definitions(names: set[str], *, is_algorithm: bool) -> str:
    lines = [rf"\newcommand{{\{name}}}{{{_SIGNS[name]}}}" for name in _SIGNS if name in names]
    lines += [rf"\newcommand{{\{name}}}{text}" for name, text in _SHOWN.items() if name in names]
    if "keys" in names:
        lines += [rf"\newcommand{{\{name}}}{{{_KEYS[name]}}}" for name in _KEYS if name in names]
    if is_algorithm:
        steps = ((name, step) for name, step in _STEPS.items() if name in names)
        lines += [rf"\newcommand{{\{name}}}[{count}]{{{text}}}" for name, (count, text) in steps]
    return "".join(f"{line}\n" for line in lines)


def _with_terms(source: str) -> str:
    """Abbreviations and terms of glossaries as they are shown where they are used."""
    terms: dict[str, str] = dict(_TERM.findall(source))
    longs: dict[str, str] = {}
    for label, short, text, other, other_short, other_text in _SHORT_FORM.findall(source):
        terms[label or other] = short or other_short or other
        longs[label or other] = text or other_text
    if not terms:
        return source

    def shown(found: re.Match[str]) -> str:
        label = found["label"]
        if label not in terms:
            return found[0]
        name, long = terms[label].strip(), longs.get(label, terms[label]).strip()
        if found["long"]:
            return long
        return f"{long} ({name})" if found["full"] else name + "s" * bool(found["plural"])

    return _TERM_USED.sub(shown, source)


def _with_title(found: re.Match[str]) -> str:
    title = _TITLE.search(found[1])
    return f"{found[0]}\n\\textbf{{{title[1] or title[2]}}}\\par " if title else found[0]


def _dingbat(found: re.Match[str]) -> str:
    number = int(found[1])
    is_known = _FIRST_DINGBAT <= number <= _LAST_DINGBAT
    return chr(number + _DINGBATS) if is_known else ""
