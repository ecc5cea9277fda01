"""Finds numbers and their units in texts, however a language writes them."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from jobs.text.content_words import STEM_CHARS
from jobs.text.numbers.areas_and_volumes import with_powers
from jobs.text.numbers.fractions import FractionWord, decimal, find_fraction_words, with_decimals
from jobs.text.numbers.number_words import ITALIAN, find_number_words
from jobs.text.numbers.units import SCALES, UNIT_OF

MAX_COUNT_WORD = 16  # words for more are numbers in any text: "two ways", "seize" may be none

_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_\u00c0-\u024f.,])[-+\u2212]?"
    r"(\d+(?:[ \u00a0\u202f'\u2019]\d{3})+(?!\d)|\d[\d.,:]*\d|\d)"
)
_UNIT = re.compile(
    r"[\s\u00a0\u202f-]?"
    r"(%|(?:个|個|か|ヶ|カ|ケ)?[\u3400-\u9fff]{1,3}[23]?(?!\d)|[\u30a1-\u30fc]{2,8}[23]?(?!\d)"
    r"|[°µμ]?[A-Za-z\u00b2-\u024f]+(?:[23](?![A-Za-z0-9])|/[A-Za-z]+)?|[$€£¥])"
)
_HAN_PERCENT = re.compile(r"百分之([\d.]+|[〇零一二三四五六七八九十百]+)")
HAN = re.compile(r"[\u3400-\u9fff\u304b\u30b1\u30f5\u30f6]")
_VERY = frozenset(("十分", "百分", "千分"))  # figures of speech, no times
_MOST_VERSION_PARTS = 10  # of a longer row of numbers no beginnings are known
_RUN = re.compile(r"\d[\d.,:]*\d|\d")
_LONG_UNIT_CHARS = 3  # "six a": no amperes
_HOURS_AND_MINUTES = re.compile(r"(?<![\w.,:])(\d{1,2}) ?h ?([0-5]\d)(?![\w:.,]*\d| ?[A-Za-z])")
_OF_DAY = re.compile(r"\s?[ap]\.\s?m\b", re.IGNORECASE)  # no amperes
_PART_OF_HOURS = re.compile(r"\d{1,4}\.\d{1,4}")
_SCALE = re.compile(
    rf"[\s\u00a0\u202f-]?({'|'.join(sorted(SCALES, key=len, reverse=True))})\.?"
    r"(?![A-Za-z\u00c0-\u024f])",
    re.IGNORECASE,
)
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
_NUMBER_OF = {word: number for number, words in _NUMBER_WORDS for word in words.split()}
_NUMBER_OF |= {word: str(number) for word, number in ITALIAN.items()}
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


def find_quantities(text: str) -> Iterator[Quantity]:
    """The numbers that a text writes as digits, in order; labels of list items are none."""
    return (each.quantity for each in read_numbers(text).in_digits)


def find_quantities_in_words(text: str) -> Iterator[Quantity]:
    """The numbers that a text writes as words, in order, with units of more than two letters.

    Fractions are among them, also where a part is in words: "2 and a half hours", "1時間半".
    """
    return (each.quantity for each in read_numbers(text).in_words)


class Placed(NamedTuple):
    """A quantity, and where it stands with its unit."""

    quantity: Quantity
    start: int
    end: int


class Numbers(NamedTuple):
    """A text as `plain_text` has it, and its numbers with their places there."""

    plain: str
    in_digits: tuple[Placed, ...]
    in_words: tuple[Placed, ...]


@lru_cache(maxsize=64)  # a source is asked for them again by each check of each answer
def read_numbers(text: str) -> Numbers:
    """All numbers of a text, in order."""
    plain = plain_text(text)
    fractions = tuple(find_fraction_words(plain))
    digits, words = _find_digits(plain, fractions), _find_words(plain, fractions)
    return Numbers(plain, tuple(digits), tuple(words))


def _find_digits(plain: str, fractions: Sequence[FractionWord]) -> Iterator[Placed]:
    plain = _LIST_LABEL.sub(lambda label: " " * len(label[0]), plain)
    for found in _NUMBER.finditer(plain):
        if _lies_in(found.start(), fractions):  # "2 and a half"
            continue
        number, end = _scaled(_plain_number(found[1]), plain, found.end())
        unit = _unit_at(plain, end)
        written = plain[found.start() : end] + unit.written
        quantity = Quantity(number, unit.name, written, unit.counted)
        yield Placed(quantity, found.start(), end + len(unit.written))


def _find_words(plain: str, fractions: Sequence[FractionWord]) -> Iterator[Placed]:
    for word in fractions:
        unit = word.unit if word.unit in SCALES else UNIT_OF.get(word.unit, "")
        number = decimal(word.value * SCALES.get(unit, 1))
        inner = _Unit("" if unit in SCALES else unit, "", "") if unit else None
        yield _in_words(plain, number, word.start, word.end, inner)
    for found in find_number_words(plain):
        if not _lies_in(found.start, fractions):
            placed = _in_words(plain, str(found.value), found.start, found.end, None)
            if placed.quantity.written not in _VERY:
                yield placed


def _lies_in(start: int, fractions: Sequence[FractionWord]) -> bool:
    place = bisect_right(fractions, start, key=lambda each: each.start)
    return place > 0 and start < fractions[place - 1].end


def _in_words(plain: str, number: str, start: int, end: int, inner: "_Unit | None") -> Placed:
    """A number in words; its unit is `inner`, or what stands behind it."""
    number, end = _scaled(number, plain, end)
    unit, word = inner or _unit_at(plain, end), plain[start:end]
    is_short = unit.written.isascii() and len(unit.written.strip()) < _LONG_UNIT_CHARS
    if inner is None and unit.name and is_short and unit.written != "%":
        unit = _NO_UNIT
    quantity = Quantity(number, unit.name, word + unit.written, unit.counted, is_words=True)
    return Placed(quantity, start, end + len(unit.written))


class _Scaled(NamedTuple):
    """A number, and where it ends with what it is counted in."""

    number: str
    end: int


def _scaled(number: str, text: str, end: int) -> _Scaled:
    """`2.5` with "million" behind it is 2500000."""
    found = _SCALE.match(text, end)
    if found is None or number.count(":"):
        return _Scaled(number, end)
    try:
        amount = float(number) * SCALES[found[1].casefold()]
    except ValueError:  # a version
        return _Scaled(number, end)
    return _Scaled(decimal(amount), found.end())


def numbers_in(text: str) -> frozenset[str]:
    """All numbers that a text holds anywhere, as digits or as words, and parts of hours in minutes.

    Of "2.5 million" and "2 1/2" the digits as they stand are among them, too.
    """
    written, (plain, in_digits, in_words) = _normal(text), read_numbers(text)
    runs = (*_RUN.findall(written), *_RUN.findall(plain))
    digits = {_plain_number(run) for run in runs}
    digits |= {_plain_number(found[1]) for found in _NUMBER.finditer(written)}
    digits |= {start for run in runs for start in _version_starts(run)}
    words = {_NUMBER_OF[w] for w in _WORD.findall(plain.casefold()) if w in _NUMBER_OF}
    words |= {str(found.value) for found in find_number_words(plain)}
    quantities = [each.quantity for each in (*in_digits, *in_words)]
    hours = {each.number for each in quantities if each.unit == "hour"}
    minutes = {decimal(60 * float(hour)) for hour in hours if _PART_OF_HOURS.fullmatch(hour)}
    return frozenset(digits | words | minutes | {each.number for each in quantities})


def plain_text(text: str) -> str:
    """Numbers and areas written in one way: 0.5 for ½, m2 for "square metres", 1:30 for 1h30."""
    plain = _HOURS_AND_MINUTES.sub(r"\1:\2", with_powers(_normal(text)))
    return with_decimals(plain)


def _normal(text: str) -> str:
    """Digits and signs in one form each; a percentage in Chinese as elsewhere: 60%."""
    text = with_decimals(text)  # its normal form glues the sign to digits before it: 2½ is 21⁄2
    return _HAN_PERCENT.sub(r"\1%", unicodedata.normalize("NFKC", text))


class _Unit(NamedTuple):
    name: str
    written: str
    counted: str


_NO_UNIT = _Unit("", "", "")


def _unit_at(text: str, start: int) -> _Unit:
    """The unit that stands there; in scripts without spaces it is the longest one that fits."""
    found = _UNIT.match(text, start)
    if found is None or _OF_DAY.match(text, start):
        return _NO_UNIT
    word = found[1].casefold()
    parts = [UNIT_OF.get(part) for part in word.split("/")]
    if len(parts) > 1 and None not in parts:
        return _Unit("/".join(filter(None, parts)), found[0], "")  # km/h
    lengths = range(len(word), 0, -1) if HAN.search(word) else (len(word),)
    for length in lengths:
        if (name := UNIT_OF.get(word[:length])) is not None:
            return _Unit(name, found[0][: len(found[0]) - len(word) + length], "")
    return _Unit("", "", "" if HAN.search(word) else word[:STEM_CHARS])


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
