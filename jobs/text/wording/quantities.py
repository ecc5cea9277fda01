"""Finds numbers and their units in texts, however a language writes them."""

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from jobs.text.content_words import STEM_CHARS
from jobs.text.wording.number_words import find_minutes, find_number_words
from jobs.text.wording.units import BINARY_SIZES, DEGREES, SIZES, UNIT_OF, UNITS, Size

MAX_COUNT_WORD = 16  # words for more are numbers in any text: "two ways", "seize" may be none

_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_\u00c0-\u024f.,])[-+\u2212]?"
    r"(\d+(?:[ \u00a0\u202f'\u2019]\d{3})+(?!\d)|\d[\d.,:]*\d|\d)"
)
_UNIT = re.compile(
    r"[\s\u00a0\u202f-]?"
    r"(%|(?:个|個|か|ヶ|カ|ケ)?[\u3400-\u9fff]{1,3}|[°µμ]?[A-Za-z\u00b2-\u024f]+(?:/[A-Za-z]+)?|[$€£¥])"
)
_HAN_PERCENT = re.compile(r"百分之([\d.]+|[〇零一二三四五六七八九十百]+)")
_HAN = re.compile(r"[\u3400-\u9fff\u304b\u30b1\u30f5\u30f6]")
_HAN_PLACES = ("十", "百", "千")
_MOST_VERSION_PARTS = 10  # of a longer row of numbers no beginnings are known
_RUN = re.compile(r"\d[\d.,:]*\d|\d")
_LONG_UNIT_CHARS = 3  # "six a": no amperes
_LIST_LABEL = re.compile(r"^[^\S\n]*\d{1,3}[.)](?=\s)", re.MULTILINE)
_GROUPED = re.compile(r"\d{1,3}([.,])\d{3}(?:\1\d{3})*")
_GROUPED_WITH_REST = re.compile(
    r"(?P<whole>\d{1,3}(?P<group>[.,])\d{3}(?:(?P=group)\d{3})*)(?P<point>[.,])(?P<rest>\d{1,3})"
)

# What else says a number in words: articles, ordinals and the like; and Italian, whose "due" and
# "sei" are words of other languages too, so that they are known of a source, and of no answer.
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
_ITALIAN = (
    "due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici"
    " sedici diciassette diciotto diciannove"
)
_ITALIAN_TENS = "venti trenta quaranta cinquanta sessanta settanta ottanta novanta cento"
_NUMBER_OF = {word: number for number, words in _NUMBER_WORDS for word in words.split()}
_NUMBER_OF |= {word: str(number) for number, word in enumerate(_ITALIAN.split(), start=2)}
for _place, _tens in enumerate(_ITALIAN_TENS.split(), start=2):
    _NUMBER_OF[_tens] = str(10 * _place)
    for _unit, _word in enumerate(("uno", *_ITALIAN.split()[:8]), start=1):
        _stem = _tens[:-1] if _word[0] in "uo" else _tens  # ventuno, ventotto
        _NUMBER_OF[_stem + _word] = str(10 * _place + _unit)
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
    if unit in DEGREES and any(each in plain for each in UNITS["degree"].split()):
        return True
    return all(
        any(
            each in plain if _HAN.match(each) else each in words
            for each in UNITS[part].split()
            if len(each) > 1 or not each.isascii() or not each.isalpha()
        )
        for part in unit.split("/")
    )


def are_same_unit(one: str, other: str) -> bool:
    """Whether two units are the same; "kilometres per hour" may be known as kilometres alone."""
    if "/" in one and "/" in other:
        return one == other
    if "degree" in (one, other):
        return {one, other} <= DEGREES
    return one.partition("/")[0] == other.partition("/")[0]


def find_quantities(text: str) -> Iterator[Quantity]:
    """The numbers that a text writes as digits, in order; labels of list items are none."""
    plain = _plain(text)
    plain = _LIST_LABEL.sub(lambda label: " " * len(label[0]), plain)
    for found in _NUMBER.finditer(plain):
        unit = _unit_at(plain, found.end())
        written = found[0] + (unit.written if unit.name else "")
        yield Quantity(_plain_number(found[1]), unit.name, written, unit.counted)


def find_quantities_in_words(text: str) -> Iterator[Quantity]:
    """The numbers that a text writes as words, in order, with units of more than two letters."""
    plain = _plain(text)
    for found in find_number_words(plain):
        unit, word = _unit_at(plain, found.end), plain[found.start : found.end]
        is_figure_of_speech = word in _HAN_PLACES and unit.written.strip() == "分"  # "very"
        is_short = unit.written.isascii() and len(unit.written.strip()) < _LONG_UNIT_CHARS
        if unit.name and is_short and unit.written != "%":
            unit = _NO_UNIT
        written = word + (unit.written if unit.name else "")
        if not is_figure_of_speech:
            yield Quantity(str(found.value), unit.name, written, unit.counted, is_words=True)


def find_parts_of_hours(text: str) -> Iterator[Quantity]:
    """What "half an hour" and its like are in minutes, also beside each number of whole hours."""
    hours = [
        float(each.number)
        for each in (*find_quantities(text), *find_quantities_in_words(text))
        if each.unit == "hour" and each.number.isdigit()
    ]
    for minutes in find_minutes(text):
        for whole in (0.0, *hours):
            number = f"{60 * whole + float(minutes):g}"
            yield Quantity(number, "minute", f"{number} minutes", is_words=True)


def same_amount(one: Quantity, other: Quantity) -> bool:
    """Whether two quantities are as large in other units: 14 days and 2 weeks, 0.6 m and 60 cm.

    A kilobyte is 1,000 bytes, or 1,024.
    """
    return any(_are_as_large(one, other, sizes) for sizes in (SIZES, BINARY_SIZES))


def _are_as_large(one: Quantity, other: Quantity, sizes: Mapping[str, Size]) -> bool:
    size, other_size = sizes.get(one.unit), sizes.get(other.unit)
    amount, other_amount = amount_of(one), amount_of(other)
    if size is None or other_size is None or amount is None or other_amount is None:
        return False
    is_same = math.isclose(amount * size.times, other_amount * other_size.times)
    return size.base == other_size.base and is_same


def numbers_in(text: str) -> frozenset[str]:
    """All numbers that a text holds anywhere, as digits or as words."""
    plain = _plain(text)
    runs = _RUN.findall(plain)
    digits = {_plain_number(run) for run in runs}
    digits |= {_plain_number(found[1]) for found in _NUMBER.finditer(plain)}
    digits |= {start for run in runs for start in _version_starts(run)}
    words = {_NUMBER_OF[w] for w in _WORD.findall(plain.casefold()) if w in _NUMBER_OF}
    words |= {str(found.value) for found in find_number_words(plain)} | set(find_minutes(plain))
    return frozenset(digits | words)


def _plain(text: str) -> str:
    """Digits and signs in one form each; a percentage in Chinese as elsewhere: 60%."""
    return _HAN_PERCENT.sub(r"\1%", unicodedata.normalize("NFKC", text))


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
    parts = [UNIT_OF.get(part) for part in word.split("/")]
    if len(parts) > 1 and None not in parts:
        return _Unit("/".join(filter(None, parts)), found[0], "")  # km/h
    lengths = range(len(word), 0, -1) if _HAN.search(word) else (len(word),)
    for length in lengths:
        if (name := UNIT_OF.get(word[:length])) is not None:
            return _Unit(name, found[0][: len(found[0]) - len(word) + length], "")
    return _Unit("", "", "" if _HAN.search(word) else word[:STEM_CHARS])


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
    """`1,000`, `1.000` and `1 000` are 1000; `1.250,00` is 1250; `0,5` is 0.5; `08` is 8."""
    number = re.sub(r"[ \u00a0\u202f'\u2019]", "", written).rstrip(".,:")
    price = _GROUPED_WITH_REST.fullmatch(number)
    if price is not None and price["group"] != price["point"]:
        number = f"{price['whole'].replace(price['group'], '')}.{price['rest']}"
    elif _GROUPED.fullmatch(number):
        number = number.replace(",", "").replace(".", "")
    elif number.count(",") == 1 and "." not in number:
        number = number.replace(",", ".")
    if "." in number and number.count(".") == 1:
        number = number.rstrip("0").rstrip(".")
    whole, point, rest = number.partition(".")
    return f"{whole.lstrip('0') or '0'}{point}{rest}"
