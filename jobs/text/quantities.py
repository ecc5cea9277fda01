"""Finds numbers and their units in texts, however a language writes them."""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_\u00c0-\u024f.,])[-+\u2212]?"
    r"(\d+(?:[ \u00a0\u202f'\u2019]\d{3})+(?!\d)|\d[\d.,:]*\d|\d)"
)
_UNIT = re.compile(r"[\s\u00a0\u202f-]?(%|[°µμ]?[^\W\d_]+(?:/[^\W\d_]+)?|[$€£¥])")
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
    "microsecond": "µs μs us microsecond microseconds mikrosekunden",
    "millisecond": "ms millisecond milliseconds millisekunde millisekunden millisecondes",
    "second": "s sec secs second seconds sekunde sekunden seconde secondes segundo segundos",
    "minute": "min mins minute minutes minuten minuto minutos",
    "hour": "h hr hrs hour hours stunde stunden heure heures hora horas",
    "day": "d day days tag tage tagen jour jours día días",
    "week": "week weeks woche wochen semaine semaines semana semanas",
    "month": "month months monat monate monaten mois mes meses",
    "year": "year years jahr jahre jahren an ans année années año años",
    "percent": "% percent prozent pourcent pour",
    "celsius": "°c celsius",
    "fahrenheit": "°f fahrenheit",
    "kelvin": "k kelvin",
    "millimetre": "mm millimetre millimetres millimeter millimeters",
    "centimetre": "cm centimetre centimetres centimeter centimeters centimètres",
    "metre": "m metre metres meter meters mètre mètres metern",
    "kilometre": "km kilometre kilometres kilometer kilometers kilomètres kilometern",
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

# Numbers that texts write as words; "one" and its like are articles too and are read as given.
_NUMBER_WORDS = (
    ("0", "zero null zéro cero none keine"),
    ("1", "one once single ein eine einem einen einer einmal un une una uno first erste premier"),
    ("2", "two twice both second zwei zweimal beide beiden zweite deux dos deuxième"),
    ("3", "three third drei dritte trois tres troisième"),
    ("4", "four fourth vier vierte quatre cuatro"),
    ("5", "five fifth fünf cinq cinco"),
    ("6", "six sixth sechs seis"),
    ("7", "seven seventh sieben sept siete"),
    ("8", "eight eighth acht huit ocho"),
    ("9", "nine ninth neun neuf nueve"),
    ("10", "ten tenth zehn dix diez"),
    ("11", "eleven elf onze"),
    ("12", "twelve dozen zwölf douze doce"),
    ("14", "fourteen fortnight vierzehn quatorze"),
    ("15", "fifteen fünfzehn quinze"),
    ("20", "twenty zwanzig vingt veinte"),
    ("30", "thirty dreißig trente treinta"),
    ("40", "forty vierzig quarante cuarenta"),
    ("50", "fifty fünfzig cinquante cincuenta"),
    ("60", "sixty sechzig soixante sesenta"),
    ("80", "eighty achtzig"),
    ("90", "ninety neunzig noventa"),
    ("100", "hundred hundert cent cien"),
    ("1000", "thousand tausend mille mil"),
)
_NUMBER_OF = {word: number for number, words in _NUMBER_WORDS for word in words.split()}
_WORD = re.compile(r"[^\W\d_]+")


class Quantity(NamedTuple):
    """A number as digits without signs of grouping, and its unit; empty: none that is known."""

    number: str
    unit: str
    written: str


def names_unit(text: str, unit: str) -> bool:
    """Whether a text names a unit by a word of more than one letter, or by its sign."""
    words = set(
        re.findall(r"[%$€£¥]|[°µμ]?[^\W\d_]+", unicodedata.normalize("NFKC", text).casefold())
    )
    spellings = _UNITS[unit].split()
    return any(each in words for each in spellings if len(each) > 1 or not each.isalpha())


def find_quantities(text: str) -> Iterator[Quantity]:
    """The numbers that a text writes as digits, in order; labels of list items are none."""
    plain = unicodedata.normalize("NFKC", text)
    plain = _LIST_LABEL.sub(lambda label: " " * len(label[0]), plain)
    for found in _NUMBER.finditer(plain):
        unit = _UNIT.match(plain, found.end())
        name = _UNIT_OF.get(unit[1].casefold(), "") if unit else ""
        yield Quantity(_plain_number(found[1]), name, found[0] + (unit[0] if unit and name else ""))


def numbers_in(text: str) -> frozenset[str]:
    """All numbers that a text holds anywhere, as digits or as words."""
    plain = unicodedata.normalize("NFKC", text)
    runs = _RUN.findall(plain)
    digits = {_plain_number(run) for run in runs}
    digits |= {_plain_number(found[1]) for found in _NUMBER.finditer(plain)}
    digits |= {start for run in runs for start in _version_starts(run)}
    words = {_NUMBER_OF[w] for w in _WORD.findall(plain.casefold()) if w in _NUMBER_OF}
    return frozenset(digits | words)


def _version_starts(run: str) -> Iterator[str]:
    """`2.39` of `2.39.5`."""
    parts = run.split(".")
    for count in range(2, len(parts)):
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
