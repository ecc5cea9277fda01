"""Equations of Office files (OMML, ECMA-376 part 1, chapter 22) as one line of text."""

from collections.abc import Callable
from typing import NamedTuple
from xml.etree import ElementTree as ET

from jobs.documents.readers.html.mathml import grouped
from jobs.documents.readers.office.ooxml import first, local, value_of

_MAX_DEPTH = 60
_LIST_GLUE = {"m": "; ", "mr": ", ", "eqArr": "; "}
_SCRIPTS = (("sub", "_"), ("sup", "^"))


class _Part(NamedTuple):
    """A part of a formula, already on one line: its name and its text."""

    name: str
    text: str


class _Formula(NamedTuple):
    """A formula whose parts are already on one line."""

    element: ET.Element
    parts: list[_Part]

    def get(self, name: str) -> str:
        """The text of the last part of this name."""
        return next((part.text for part in reversed(self.parts) if part.name == name), "")

    def sign(self, kind: str, default: str) -> str:
        """A sign that the formula's properties may set."""
        given = value_of(first(self.element, f"{local(self.element)}Pr", kind))
        return default if given is None else given


def equation(element: ET.Element, depth: int = 0) -> str:
    """The equation in an `oMath` or `oMathPara` element."""
    name = local(element)
    if name == "t":
        return element.text or ""
    if name.endswith("Pr"):
        return ""
    if depth > _MAX_DEPTH:
        return "".join(element.itertext())
    parts = [_Part(local(child), equation(child, depth + 1)) for child in element]
    if rule := _RULES.get(name):
        return rule(_Formula(element, parts))
    return _LIST_GLUE.get(name, "").join(part.text for part in parts if part.text)


def _fraction(formula: _Formula) -> str:
    return f"{grouped(formula.get('num'))}/{grouped(formula.get('den'))}"


def _scripted(formula: _Formula) -> str:
    return grouped(formula.get("e")) + _scripts(formula)


def _operator(formula: _Formula) -> str:
    return f"{formula.sign('chr', '∫')}{_scripts(formula)} {formula.get('e')}"


def _root(formula: _Formula) -> str:
    degree = formula.get("deg")
    return f"root({degree}, {formula.get('e')})" if degree else f"sqrt({formula.get('e')})"


def _delimited(formula: _Formula) -> str:
    inner = ", ".join(part.text for part in formula.parts if part.name == "e")
    return formula.sign("begChr", "(") + inner + formula.sign("endChr", ")")


def _accented(formula: _Formula) -> str:
    return formula.get("e") + formula.sign("chr", "\u0302")


def _limit(formula: _Formula) -> str:
    return f"{formula.get('e')}_{grouped(formula.get('lim'))}"


def _function(formula: _Formula) -> str:
    return f"{formula.get('fName')}({formula.get('e')})"


def _scripts(formula: _Formula) -> str:
    return "".join(sign + grouped(text) for name, sign in _SCRIPTS if (text := formula.get(name)))


_RULES: dict[str, Callable[[_Formula], str]] = {
    "f": _fraction,
    "sSup": _scripted,
    "sSub": _scripted,
    "sSubSup": _scripted,
    "sPre": _scripted,
    "nary": _operator,
    "rad": _root,
    "d": _delimited,
    "acc": _accented,
    "limLow": _limit,
    "limUpp": _limit,
    "func": _function,
}
