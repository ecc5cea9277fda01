"""Days of the week and months: an answer takes them over from its source, as it does numbers."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_DAYS = (
    "monday montag lundi lunes lunedì segunda-feira 月曜 星期一 周一",
    "tuesday dienstag mardi martes martedì terça-feira 火曜 星期二 周二",
    "wednesday mittwoch mercredi miércoles mercoledì quarta-feira 水曜 星期三 周三",
    "thursday donnerstag jeudi jueves giovedì quinta-feira 木曜 星期四 周四",
    "friday freitag vendredi viernes venerdì sexta-feira 金曜 星期五 周五",
    "saturday samstag sonnabend samedi sábado sabato 土曜 星期六 周六",
    "sunday sonntag dimanche domingo domenica 日曜 星期日 星期天 周日",
)
_MONTHS = (
    "january januar janvier enero gennaio janeiro",
    "february februar février febrero febbraio fevereiro",
    "märz marzo março",  # "march" and "mars" are other words too
    "april avril abril aprile",
    "mayo maggio",
    "june juni juin junio giugno junho",
    "july juli juillet julio luglio julho",
    "august août agosto",
    "september septembre septiembre settembre setembro",
    "october oktober octobre octubre ottobre outubro",
    "november novembre noviembre novembro",
    "december dezember décembre diciembre dicembre dezembro",
)
_SPELLINGS = {
    spelling: f"{kind}{number}"
    for kind, names in (("day", _DAYS), ("month", _MONTHS))
    for number, spellings in enumerate(names)
    for spelling in spellings.split()
}
# Names that stand apart, and those of languages that leave no space between words.
_WORD = re.compile(r"(?:segunda|terça|quarta|quinta|sexta)-feira|\w+", re.IGNORECASE)
_IN_A_ROW = re.compile(r"[月火水木金土日]曜日?|星期[一二三四五六日天]|周[一二三四五六日]")
# "Monday to Friday", "daily but for Monday": what lies between or is left is a right answer too.
_RANGE = re.compile(
    r"\b(?:to|through|till|until|between|bis|zwischen|au|jusqu\w*|entre|a|al|hasta|tra|fino|at\u00e9"
    r"|daily|every ?day|weekdays?|weekends?|t\u00e4glich|wochentags|werktags|wochenende|semaine"
    r"|week-end|quotidien\w*|diari\w*|semana|settimana|feriali"
    r"|except\w*|other than|but|au\u00dfer|sauf|salvo|excepto|tranne|eccetto)\b"
    r"|[-\u2013\u2014~\u301c\uff5e]|\u304b\u3089|\u4ee5\u5916|\u6bce\u65e5|\u5230|\u81f3|\u9664",
    re.IGNORECASE,
)
_NEAR_CHARS = 14  # from a name, within which such a word is about it


class CalendarName(NamedTuple):
    """A day or month, the same in every language, and how it is written."""

    kind: str
    name: str
    written: str
    start: int


def find_calendar_names(text: str) -> Iterator[CalendarName]:
    """The days of the week and the months that a text names, in order."""
    names = {
        found.start(): CalendarName(name.rstrip("0123456789"), name, found[0], found.start())
        for pattern in (_WORD, _IN_A_ROW)
        for found in pattern.finditer(text)
        if (name := _name_of(found[0])) is not None
    }
    for start in sorted(names):
        yield names[start]


def find_unknown_day(text: str, source: str) -> str | None:
    """A day or month of a text where its source has others, and no span or exception of them.

    None where the source names none of its kind: a text may be dated by what is not shown.
    """
    named = tuple(find_calendar_names(text))
    known = tuple(find_calendar_names(source)) if named else ()
    for each in named:
        of_kind = [other for other in known if other.kind == each.kind]
        is_known = any(other.name == each.name or _is_of_range(other, source) for other in of_kind)
        if of_kind and not is_known:
            return each.written
    return None


def _name_of(word: str) -> str | None:
    """The day or month that is spelled so, in any case, in the plural too."""
    spelled = word.casefold()
    return _SPELLINGS.get(spelled) or _SPELLINGS.get(spelled.removesuffix("s").removesuffix("日"))


def _is_of_range(each: CalendarName, text: str) -> bool:
    end = each.start + len(each.written)
    before, after = text[max(0, each.start - _NEAR_CHARS) : each.start], text[end:]
    return _RANGE.search(f"{before} {after[:_NEAR_CHARS]}") is not None
