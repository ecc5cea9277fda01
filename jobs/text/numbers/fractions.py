"""Reads fractions: as signs (½, 2 1/2), and in the words of several languages.

"An hour and a half" is 1.5 hours, "half a million" is 0.5 millions. Values have four decimals.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from jobs.text.numbers.number_words import read_han, value_of_word
from jobs.text.numbers.units import SCALES, UNIT_OF

DECIMALS = 4

_SIGN = re.compile(
    r"(?:(?<![\d.,])(\d{1,4})[ \u00a0\u202f\u2009-]?)?([\u00bc-\u00be\u2150-\u215e])"
)
_SLASHED = re.compile(
    r"(?<![\w./,:\u2044-])(?:(\d{1,4})[ \u00a0\u202f-])?"
    r"(\d{1,2}) ?[/\u2044] ?(\d{1,3})(?![\w/\u2044]|[.,:]\d)"
)
_DENOMINATORS = frozenset(("2", "3", "4", "5", "6", "7", "8", "9", "10", "12", "16", "32", "100"))

_PARTS = {
    1 / 2: r"half|halbe[nrms]?|demie?|la moiti\u00e9|medi[ao]|la mitad|mezz[oa]|la met\u00e0"
    r"|\u534a[\u4e2a\u500b]?(?!\u5206)",
    1 / 4: r"(?:a |one[ -])quarter|quarter(?= of\b|[ -]hour)|(?:ein )?viertel"
    r"|un quart|quart(?= d['\u2019])|(?:un )?cuarto(?= de\b)|un quarto"
    r"|\u4e00\u523b(?=[\u949f\u9418])",
    3 / 4: r"three[ -]quarters?|drei[ -]?viertel|trois[ -]quarts|tres cuartos|tre quarti"
    r"|\u4e09\u523b(?=[\u949f\u9418])",
    1 / 3: r"(?:a third(?= of\b)|one[ -]third)|ein drittel|un tiers|un tercio|un terzo",
    2 / 3: r"two[ -]thirds|zwei drittel|deux tiers|dos tercios|due terzi",
    1 / 5: r"(?:a fifth(?= of\b)|one[ -]fifth)|ein f\u00fcnftel|un cinqui\u00e8me|un quinto",
    1
    / 10: r"(?:a tenth(?= of\b)|one[ -]tenth)|ein zehntel|un dixi\u00e8me|un d\u00e9cimo|un decimo",
}
_BEHIND_AND = {
    1 / 2: r"and (?:a|one) half|et demie?|y medi[ao]|e mezz[ao]",
    1 / 4: r"and (?:a|one) quarter|et (?:un )?quart|y (?:un )?cuarto|e un quarto",
    3 / 4: r"and three[ -]quarters|et trois quarts|y tres cuartos|e tre quarti",
    1 / 3: r"and (?:a|one) third|et un tiers|y un tercio|e un terzo",
    2 / 3: r"and two[ -]thirds|et deux tiers|y dos tercios|e due terzi",
}
_OF = (  # what may stand before the unit, which follows at once or behind one space
    r"(?:[ -](?:of|de|di|der|des)(?=\s))?(?:[ -](?:an?|the|une?|una|la|del|della)(?=\s))?"
    r"(?:\s?d['\u2019]|['\u2019])?"
)
_ANDERTHALB = 1.5
_GERMAN = re.compile(r"\b(?:anderthalb|([a-z\u00e4-\u00fc]{3,5}?)(?:und)?einhalb)", re.IGNORECASE)
_HAN_DIGITS = (
    r"\u3007\u96f6\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d\u5341\u767e\u4e24"
)
_HAN = re.compile(
    rf"(?P<whole>\d{{1,4}}|[{_HAN_DIGITS}]{{1,6}})(?:(?P<unit>\u6642\u9593|\u5c0f\u65f6|\u5c0f\u6642|\u5206\u9593|\u65e5|\u5929"
    r"|\u9031\u9593|\u5468|\u5e74|\u304b\u6708|\u30f6\u6708)|[\u4e2a\u500b])\u534a"
)
_HAN_SHARE = re.compile(
    rf"(?P<lower>[{_HAN_DIGITS}]{{1,6}}|\d{{1,3}})\u5206(?:\u306e|\u4e4b)"
    rf"(?P<upper>[{_HAN_DIGITS}]{{1,6}}|\d{{1,3}})"
)
_WHOLE = re.compile(
    r"(?<![\w.,])(?P<whole>\d{1,6}(?:[.,]\d{1,3})?|[^\W\d_]{1,20}(?:-[^\W\d_]{1,20})?)"
    r"(?:[\s'\u2019]+(?P<noun>[^\W\d_]{1,20}))?\s+\Z"
)
# One of these is in each of them: most texts have none, and are not searched form by form.
_HINT = re.compile(
    r"half|halb|demi|moiti|medi[ao]|mitad|mezz|met\u00e0|quart|viertel|cuart|third|drittel|tiers"
    r"|terci|terz|fifth|f\u00fcnftel|cinqui|quinto|tenth|zehntel|dixi|d\u00e9cimo|decimo"
    r"|\u534a|\u5206[\u306e\u4e4b]|\u523b",
    re.IGNORECASE,
)
_WHOLE_WITHIN = 50  # characters before "and a half"


class FractionWord(NamedTuple):
    """A fraction that stands as words from `start` to `end`, and the unit within it, if any."""

    value: float
    start: int
    end: int
    unit: str


def with_decimals(text: str) -> str:
    """The text with its signs of fractions as decimals: `2½` and `2 1/2` are 2.5."""
    return _SLASHED.sub(_read_slashed, _SIGN.sub(_read_sign, text))


def find_fraction_words(text: str) -> Iterator[FractionWord]:
    """The fractions in words of a text, in order; none lies in another."""
    if _HINT.search(text) is None:
        return
    ends: dict[int, FractionWord] = {}
    for each in (*_mixed(text), *_german(text), *_han(text), *_parts(text)):
        known = ends.get(each.end)
        if known is None or each.start < known.start:
            ends[each.end] = each
    end = 0
    for each in sorted(ends.values(), key=lambda word: (word.start, -word.end)):
        if each.start >= end:
            end = each.end
            yield each


def _read_sign(found: re.Match[str]) -> str:
    return decimal(int(found[1] or 0) + unicodedata.numeric(found[2]))


def _read_slashed(found: re.Match[str]) -> str:
    upper, lower = int(found[2]), int(found[3])
    if found[3] not in _DENOMINATORS or not 0 < upper < lower:
        return found[0]
    return decimal(int(found[1] or 0) + upper / lower)


def decimal(value: float) -> str:
    """Four decimals at most, and no zero that tells nothing."""
    return f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")


def _compiled(parts: Mapping[float, str], end: str) -> Mapping[float, re.Pattern[str]]:
    return {
        value: re.compile(rf"(?<![A-Za-z\u00c0-\u024f])(?:{words}){end}", re.IGNORECASE)
        for value, words in parts.items()
    }


_PART_FORMS = _compiled(_PARTS, _OF)
_AND_FORMS = _compiled(_BEHIND_AND, r"(?![A-Za-z\u00c0-\u024f])(?: of (?:an?\b)?)?")


def _parts(text: str) -> Iterator[FractionWord]:
    for value, form in _PART_FORMS.items():
        for found in form.finditer(text):
            yield FractionWord(value, found.start(), found.end(), "")
    for found in _HAN_SHARE.finditer(text):
        lower, upper = read_han(found["lower"]), read_han(found["upper"])
        if 0 < upper < lower:
            yield FractionWord(upper / lower, found.start(), found.end(), "")


def _mixed(text: str) -> Iterator[FractionWord]:
    """Whole ones and a part: "two and a half hours", "two hours and a half"."""
    for part, form in _AND_FORMS.items():
        for found in form.finditer(text):
            whole = _WHOLE.search(text, max(0, found.start() - _WHOLE_WITHIN), found.start())
            if whole is None:
                continue
            noun = (whole["noun"] or "").casefold()
            unit = noun if noun in UNIT_OF or noun in SCALES else ""
            start, word = whole.start(), whole["whole"]
            if noun and not unit:  # "for one and a half"
                start, word = whole.start("noun"), noun
            value = value_of_word(word)
            if value is not None:
                yield FractionWord(value + part, start, found.end(), unit)


def _german(text: str) -> Iterator[FractionWord]:
    for found in _GERMAN.finditer(text):
        whole = value_of_word(found[1]) if found[1] else _ANDERTHALB - 0.5
        if whole is not None:
            yield FractionWord(whole + 0.5, found.start(), found.end(), "")


def _han(text: str) -> Iterator[FractionWord]:
    for found in _HAN.finditer(text):
        value = read_han(found["whole"]) + 0.5
        yield FractionWord(value, found.start(), found.end(), found["unit"] or "")
