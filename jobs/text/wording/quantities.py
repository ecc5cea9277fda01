"""Finds numbers and their units in texts, however a language writes them."""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from jobs.text.content_words import STEM_CHARS
from jobs.text.wording.number_words import find_number_words

MAX_COUNT_WORD = 16  # words for more are numbers in any text: "two ways", "seize" may be none

_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_\u00c0-\u024f.,])[-+\u2212]?"
    r"(\d+(?:[ \u00a0\u202f'\u2019]\d{3})+(?!\d)|\d[\d.,:]*\d|\d)"
)
_UNIT = re.compile(
    r"[\s\u00a0\u202f-]?"
    r"(%|(?:个|個|か|ヶ|カ|ケ)?[\u3400-\u9fff]{1,3}|[°µμ]?[A-Za-z\u00b2-\u024f]+(?:/[A-Za-z]+)?|[$€£¥])"
)
_HAN = re.compile(r"[\u3400-\u9fff\u304b\u30b1\u30f5\u30f6]")
_HAN_PLACES = ("十", "百", "千")
_MOST_VERSION_PARTS = 10  # of a longer row of numbers no beginnings are known
_RUN = re.compile(r"\d[\d.,:]*\d|\d")
_LIST_LABEL = re.compile(r"^[^\S\n]*\d{1,3}[.)](?=\s)", re.MULTILINE)
_GROUPED = re.compile(r"\d{1,3}([.,])\d{3}(?:\1\d{3})*")

# One word for one unit. What is in no table is no unit: "3 files" has none.
_UNITS = {
    "byte": "b byte bytes octet octets",
    "kilobyte": "kb kib kilobyte kilobytes",
    "megabyte": "mb mib megabyte megabytes",
    "gigabyte": "gb gib gigabyte gigabytes",
    "terabyte": "tb tib terabyte terabytes",
    "bit": "bit bits",
    "kilobit": "kbit kbits",
    "megabit": "mbit mbits",
    "gigabit": "gbit gbits",
    "microsecond": "µs μs us microsecond microseconds mikrosekunden",
    "millisecond": "ms millisecond milliseconds millisekunde millisekunden millisecondes",
    "second": "s sec secs second seconds sekunde sekunden seconde secondes segundo segundos 秒",
    "minute": "min mins minute minutes minuten minuto minutos 分 分間 分钟 分鐘",
    "hour": "h hr hrs hour hours stunde stunden heure heures hora horas 時間 小时 小時",
    "day": "d day days tag tage tagen jour jours día días 日間 日 天",
    "week": "week weeks woche wochen semaine semaines semana semanas 週間 周 星期",
    "month": "month months monat monate monaten mois mes meses か月 ヶ月 カ月 ケ月 个月 個月",
    "year": "year years jahr jahre jahren an ans année années año años 年 年間",
    "percent": "% percent prozent pourcent pour",
    "celsius": "°c celsius 摄氏度 攝氏度",
    "fahrenheit": "°f fahrenheit",
    "kelvin": "k kelvin",
    "millimetre": "mm millimetre millimetres millimeter millimeters",
    "centimetre": "cm centimetre centimetres centimeter centimeters centimètres",
    "metre": "m metre metres meter meters mètre mètres metern",
    "kilometre": "km kilometre kilometres kilometer kilometers kilomètres kilometern",
    "milligram": "mg milligram milligrams milligramm milligrammes",
    "gram": "g gram grams gramm gramme grammes",
    "kilogram": "kg kilogram kilograms kilogramm kilogrammes",
    "litre": "l litre litres liter liters",
    "millilitre": "ml millilitre millilitres milliliter milliliters",
    "volt": "v volt volts",
    "ampere": "a ampere amperes amp amps",
    "watt": "w watt watts",
    "kilowatt": "kw kilowatt kilowatts",
    "hertz": "hz hertz",
    "kilohertz": "khz kilohertz",
    "megahertz": "mhz megahertz",
    "gigahertz": "ghz gigahertz",
    "bar": "bar bars",
    "pascal": "pa pascal",
    "kilopascal": "kpa kilopascal",
    "dollar": "$ usd dollar dollars",
    "euro": "€ eur euro euros",
    "pound": "£ gbp",
}
_UNIT_OF = {spelling: unit for unit, spellings in _UNITS.items() for spelling in spellings.split()}

# What else says a number in words: articles, ordinals and the like.
_NUMBER_WORDS = (
    ("0", "none keine"),
    ("1", "one once single ein eine einem einen einer einmal un une una uno first erste premier"),
    ("2", "twice both second zweimal beide beiden zweite deuxième"),
    ("3", "third dritte troisième"),
    ("4", "fourth vierte"),
    ("5", "fifth fünfte"),
    ("6", "sixth sechste"),
    ("7", "seventh siebte"),
    ("8", "eighth achte"),
    ("9", "ninth neunte"),
    ("10", "tenth zehnte"),
    ("12", "dozen dutzend douzaine docena"),
    ("14", "fortnight"),
    ("100", "cent"),
    ("1000", "thousand tausend mille mil"),
)
_NUMBER_OF = {word: number for number, words in _NUMBER_WORDS for word in words.split()}
_WORD = re.compile(r"[^\W\d_]+")


class Quantity(NamedTuple):
    """A number as digits without signs of grouping, and its unit; empty: none that is known.

    `counted` is the beginning of the word behind it, of what is counted; `is_words`: the number
    stands as a word.
    """

    number: str
    unit: str
    written: str
    counted: str = ""
    is_words: bool = False


def names_unit(text: str, unit: str) -> bool:
    """Whether a text names a unit by a word of more than one letter, or by its sign."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    words = set(re.findall(r"[%$€£¥]|[°µμ]?[^\W\d_]+", plain))
    return all(
        any(
            each in plain if _HAN.match(each) else each in words
            for each in _UNITS[part].split()
            if len(each) > 1 or not each.isascii() or not each.isalpha()
        )
        for part in unit.split("/")
    )


def are_same_unit(one: str, other: str) -> bool:
    """Whether two units are the same; "kilometres per hour" may be known as kilometres alone."""
    if "/" in one and "/" in other:
        return one == other
    return one.partition("/")[0] == other.partition("/")[0]


def find_quantities(text: str) -> Iterator[Quantity]:
    """The numbers that a text writes as digits, in order; labels of list items are none."""
    plain = unicodedata.normalize("NFKC", text)
    plain = _LIST_LABEL.sub(lambda label: " " * len(label[0]), plain)
    for found in _NUMBER.finditer(plain):
        unit = _unit_at(plain, found.end())
        written = found[0] + (unit.written if unit.name else "")
        yield Quantity(_plain_number(found[1]), unit.name, written, unit.counted)


def find_quantities_in_words(text: str) -> Iterator[Quantity]:
    """The numbers that a text writes as words, in order, with units of more than two letters."""
    plain = unicodedata.normalize("NFKC", text)
    for found in find_number_words(plain):
        unit, word = _unit_at(plain, found.end), plain[found.start : found.end]
        is_figure_of_speech = word in _HAN_PLACES and unit.written.strip() == "分"  # "very"
        if unit.name and unit.written.isascii() and len(unit.written.strip()) < 3:
            unit = _NO_UNIT
        written = word + (unit.written if unit.name else "")
        if not is_figure_of_speech:
            yield Quantity(str(found.value), unit.name, written, unit.counted, is_words=True)


def same_time(one: Quantity, other: Quantity) -> bool:
    """Whether two quantities of time are as long: 14 days and 2 weeks."""
    lengths = [_TIMES.get(each.unit) for each in (one, other)]
    if lengths[0] is None or lengths[1] is None or lengths[0].base != lengths[1].base:
        return False
    amounts = [amount_of(each) for each in (one, other)]
    if amounts[0] is None or amounts[1] is None:
        return False
    return amounts[0] * lengths[0].times == amounts[1] * lengths[1].times


def numbers_in(text: str) -> frozenset[str]:
    """All numbers that a text holds anywhere, as digits or as words."""
    plain = unicodedata.normalize("NFKC", text)
    runs = _RUN.findall(plain)
    digits = {_plain_number(run) for run in runs}
    digits |= {_plain_number(found[1]) for found in _NUMBER.finditer(plain)}
    digits |= {start for run in runs for start in _version_starts(run)}
    words = {_NUMBER_OF[w] for w in _WORD.findall(plain.casefold()) if w in _NUMBER_OF}
    words |= {str(found.value) for found in find_number_words(plain)}
    return frozenset(digits | words)


class _Unit(NamedTuple):
    name: str
    written: str
    counted: str


_NO_UNIT = _Unit("", "", "")


def _unit_at(text: str, start: int) -> _Unit:
    """The unit that stands there; in scripts without spaces it is the longest one that fits."""
    found = _UNIT.match(text, start)
    if found is None:
        return _NO_UNIT
    word = found[1].casefold()
    parts = [_UNIT_OF.get(part) for part in word.split("/")]
    if len(parts) > 1 and None not in parts:
        return _Unit("/".join(filter(None, parts)), found[0], "")  # km/h
    lengths = range(len(word), 0, -1) if _HAN.search(word) else (len(word),)
    for length in lengths:
        if (name := _UNIT_OF.get(word[:length])) is not None:
            return _Unit(name, found[0][: len(found[0]) - len(word) + length], "")
    return _Unit("", "", "" if _HAN.search(word) else word[:STEM_CHARS])


class _Time(NamedTuple):
    base: str
    times: int


_TIMES = {
    "second": _Time("second", 1),
    "minute": _Time("second", 60),
    "hour": _Time("second", 3_600),
    "day": _Time("second", 86_400),
    "week": _Time("second", 604_800),
    "month": _Time("month", 1),
    "year": _Time("month", 12),
}


def amount_of(quantity: Quantity) -> float | None:
    """The number of a quantity; None: it is no single one, as a time or a version."""
    try:
        return float(quantity.number)
    except ValueError:  # "10:30"
        return None


def _version_starts(run: str) -> Iterator[str]:
    """`2.39` of `2.39.5`."""
    parts = run.split(".")
    for count in range(2, min(len(parts), _MOST_VERSION_PARTS)):
        yield _plain_number(".".join(parts[:count]))


def _plain_number(written: str) -> str:
    """`1,000`, `1.000` and `1 000` are 1000; `0,5` is 0.5; `08` is 8."""
    number = re.sub(r"[ \u00a0\u202f'\u2019]", "", written).rstrip(".,:")
    if _GROUPED.fullmatch(number):
        number = number.replace(",", "").replace(".", "")
    elif number.count(",") == 1 and "." not in number:
        number = number.replace(",", ".")
    if "." in number and number.count(".") == 1:
        number = number.rstrip("0").rstrip(".")
    whole, point, rest = number.partition(".")
    return f"{whole.lstrip('0') or '0'}{point}{rest}"
