"""Reads numbers in words: English, German, French, Spanish, Italian, Chinese."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple


def _list(page: str) -> list[str]:
    return page.split()


_EN_SMALL = _list(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen"
)
_EN_TENS = _list("twenty thirty forty fifty sixty seventy eighty ninety")
_DE_SMALL = _list(
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn"
    " sechzehn siebzehn achtzehn neunzehn"
)
_DE_TENS = _list("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig")
_FR_SMALL = _list(
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize"
    " dix-sept dix-huit dix-neuf"
)
_FR_TENS = {20: "vingt", 30: "trente", 40: "quarante", 50: "cinquante", 60: "soixante"}
_ES_SMALL = _list(
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince"
    " dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro"
    " veinticinco veintiséis veintisiete veintiocho veintinueve"
)
_ES_TENS = _list("treinta cuarenta cincuenta sesenta setenta ochenta noventa")
_ES_HUNDREDS = _list(
    "cien doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos"
    " novecientos"
)

_HAN = {digit: value for value, digit in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2}
_HAN_PLACES = {"十": 10, "百": 100, "千": 1000}


class NumberWord(NamedTuple):
    """A number that stands as words at `start` to `end` of a text."""

    value: int
    start: int
    end: int


def find_number_words(text: str) -> Iterator[NumberWord]:
    """The numbers to 999 that a text writes as words, in order, then those in Han characters.

    "One" and its like are left out: they are articles in many languages.
    """
    for found in _find_spaced(text):
        if found.value != 1:
            yield found
    for han in _HAN_NUMERAL.finditer(text):
        if len(han[0]) <= _LONGEST_HAN and (value := read_han(han[0])) != 1:
            yield NumberWord(value, han.start(), han.end())


def _find_spaced(text: str) -> Iterator[NumberWord]:
    """Looked for only where a word can begin a number: the pattern has hundreds of them."""
    end = 0
    for word in _WORD.finditer(text):
        folded = word[0].casefold()
        if word.start() < end or not (folded in _FIRST_WORDS or "hundert" in folded):
            continue
        if (found := _read_at(text, word.start())) is not None:
            end = found.end
            yield found


def _read_at(text: str, start: int) -> NumberWord | None:
    """The number that begins at `start`: hundreds with what follows them, else one below these."""
    if (hundreds := _HUNDREDS.match(text, start)) is not None:
        count = hundreds["count"] or hundreds["fr_count"]
        value = 100 * (_value(count) if count else 1)
        between = _AND.match(text, hundreds.end())
        if between is not None and (rest := _BELOW.match(text, between.end())) is not None:
            return NumberWord(value + _value(rest[0]), start, rest.end())
        if _END.match(text, hundreds.end()) is not None:
            return NumberWord(value, start, hundreds.end())
    found = _BELOW.match(text, start)
    return None if found is None else NumberWord(_value(found[0]), start, found.end())


def _value(words: str) -> int:
    return _VALUES[" ".join(words.casefold().replace("-", " ").split())]


def read_han(numeral: str) -> int:
    """`二百五十` is 250, `二〇` is 20; digits are as they are."""
    if numeral.isascii():
        return int(numeral)
    if not any(char in _HAN_PLACES for char in numeral):
        return int("".join(str(_HAN[char]) for char in numeral))
    total, digit = 0, 1
    for char in numeral:
        if char in _HAN_PLACES:
            total += digit * _HAN_PLACES[char]
            digit = 1
        else:
            digit = _HAN[char]
    return total + (digit if numeral[-1] in _HAN else 0)


def _below_hundred() -> Mapping[str, int]:
    values = dict[str, int]()
    for small in (_EN_SMALL, _DE_SMALL, _FR_SMALL, _ES_SMALL):
        values |= {word.replace("-", " "): value for value, word in enumerate(small)}
    for place, (english, german) in enumerate(zip(_EN_TENS, _DE_TENS, strict=True), start=2):
        values |= {english: 10 * place, german: 10 * place}
        for unit in range(1, 10):
            values[f"{english} {_EN_SMALL[unit]}"] = 10 * place + unit
            before = "ein" if unit == 1 else _DE_SMALL[unit]
            values[f"{before}und{german}"] = 10 * place + unit
    for tens, french in _FR_TENS.items():
        for unit in range(20 if tens == 60 else 10):
            and_one = "et " if unit in (1, 11) else ""
            words = f"{french} {and_one}{_FR_SMALL[unit]}" if unit else french
            values[words.replace("-", " ")] = tens + unit
    for unit in range(20):
        words = f"quatre vingt {_FR_SMALL[unit]}" if unit else "quatre vingts"
        values[words.replace("-", " ")] = 80 + unit
    for place, spanish in enumerate(_ES_TENS, start=3):
        values[spanish] = 10 * place
        values |= {f"{spanish} y {_ES_SMALL[unit]}": 10 * place + unit for unit in range(1, 10)}
    values |= {word: 100 * place for place, word in enumerate(_ES_HUNDREDS, start=1)}
    values |= {f"{word[:-2]}as": values[word] for word in _ES_HUNDREDS[1:]}
    return {word.casefold(): value for word, value in values.items()}


_VALUES = _below_hundred()


def _any_word(words: Mapping[str, int]) -> str:
    longest_first = sorted(words, key=len, reverse=True)
    return "|".join(
        word.replace(" ", r"[\s-]+").replace("ss", "(?:ß|ss)") for word in longest_first
    )


_ANY = _any_word(_VALUES)
_COUNT = "|".join(word for small in (_EN_SMALL, _DE_SMALL, _FR_SMALL) for word in small[2:10])
_HUNDREDS = re.compile(  # "cent" alone is a coin; an "s" may begin the next word: "six", "soixante"
    rf"(?:(?P<count>{_COUNT})[\s-]*)?(?:hundred|hundert)"
    rf"|(?P<fr_count>{_COUNT})[\s-]cent(?:s(?![ei]|oi))?",
    re.IGNORECASE,
)
_AND = re.compile(r"[\s-]*+(?:(?:and|und)[\s-]*+)?", re.IGNORECASE)
_LARGER = r"(?![\s-]*(?:thousand|tausend|mille|mil|milli|milliard|billion|[万萬亿億]))"  # goes on
_END = re.compile(rf"\b{_LARGER}", re.IGNORECASE)
_BELOW = re.compile(rf"(?:{_ANY}){_END.pattern}", re.IGNORECASE)
_HAN_NUMERAL = re.compile(rf"[〇零一二三四五六七八九十百千两]+{_LARGER}")
_LONGEST_HAN = 20  # what is longer is no number that anybody writes
_WORD = re.compile(r"[^\W\d_]+")
_FIRST_WORDS = frozenset((*(words.split()[0] for words in _VALUES), "hundred", "hundert"))

_ARTICLES = frozenset(_list("a an one ein eine einem einen einer un une una uno"))
_ITALIAN = (
    "due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici"
    " sedici diciassette diciotto diciannove"
)
_ITALIAN_TENS = "venti trenta quaranta cinquanta sessanta settanta ottanta novanta cento"


def _italian() -> Mapping[str, int]:
    """Their "due" and "sei" are words of other languages too, so they are numbers in few places."""
    small = _ITALIAN.split()
    values = {word: value for value, word in enumerate(small, start=2)}
    for place, tens in enumerate(_ITALIAN_TENS.split(), start=2):
        values[tens] = 10 * place
        for unit, word in enumerate(("uno", *small[:8]), start=1):
            stem = tens[:-1] if word[0] in "uo" else tens  # ventuno, ventotto
            values[stem + word] = 10 * place + unit
    return values


ITALIAN = _italian()


def value_of_word(word: str) -> float | None:
    """What digits or a word say as a number, an article as 1; None: no number."""
    plain = word.casefold().replace("-", " ")
    if plain in _ARTICLES:
        return 1
    if plain[:1].isdigit():
        return float(plain.replace(",", "."))
    return _VALUES.get(plain, ITALIAN.get(plain))
