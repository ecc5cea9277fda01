"""Where a sentence goes on though it seems to end: abbreviations, ordinals, quotes; Thai pauses."""

import re
from collections.abc import Iterator

_ABBREVIATIONS = frozenset(  # that no sentence ends with, in small letters
    (
        *("abb", "abschn", "aufl", "bzw", "dipl", "evtl", "fa", "ggf", "inkl", "kap", "nr", "vgl"),
        *("zzgl", "z.b", "d.h", "s.a", "i.d.r", "sr", "sra", "srta", "dra", "dr", "uds", "pág"),
        *("págs", "núm", "p.ej", "fig", "mme", "mlle", "chap", "réf", "sig", "sigg", "dott", "pag"),
        *("tav", "av", "exmo", "p.ex", "dhr", "mevr", "bijv", "d.w.z", "m.b.t", "t.o.v", "blz"),
        *("f.eks", "bl.a", "pga", "dvs", "t.ex", "s.k", "esim", "tzn", "rys", "např", "obr", "tzv"),
        *("örn", "bkz", "şek", "tp", "ths", "pgs", "gbr", "hlm", "рис", "см", "напр", "стр", "гл"),
        *("им", "табл", "т.е", "т.к", "див", "вж", "фиг", "ср", "ул", "εικ", "σελ", "π.χ", "δηλ"),
        *("βλ", "e.g", "i.e", "cf", "vs"),
        *("ing", "проф", "акад", "доц", "ref", "refs"),
    )
)
_BEFORE_SMALL = frozenset(  # these are words, too, or may end a sentence
    (
        *("abs", "art", "bd", "bla", "ca", "eq", "ex", "fr", "hr", "ill", "ifm", "jf", "kb", "kl"),
        *("ks", "mfl", "mis", "n", "np", "pl", "por", "resp", "sok", "str", "tab", "tj", "ts"),
        *("ud", "vb", "vol", "тыс", "мал", "env"),
        *("abbr", "approx", "avg", "esp", "est", "excl", "incl", "max", "min", "temp"),
        *("mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri"),
        *("руб", "коп", "млн", "млрд", "чел", "шт", "мин", "сек", "экз"),
    )
)
_BEFORE_NUMBER = frozenset(  # "sect. 4"; without a number behind them they may end a sentence
    (
        *("app", "approx", "cap", "caps", "ch", "chs", "eqs", "figs", "fn", "max", "min", "nos"),
        *("par", "para", "paras", "pars", "pp", "rev", "sec", "secs", "sect", "tbl", "tít"),
        *("ed", "eds", "mod", "ver", "vols", "č", "čl", "odst"),
        *("д", "кв", "корп", "оф", "пп", "разд", "ст"),
    )
)
_LAST_WORD = re.compile(r"(?<![\w.])([^\W\d_]{1,6}(?:\.[^\W\d_]{1,4}){0,3})\.\s*\Z")
_LETTER = re.compile(r"(?<!\w)[^\W\d_A-Z]\.\s*\Z")  # "т. е.": of several, with spaces
_LAST_WORD_CHARS = 24
_FOLLOWING = re.compile(r"\s*[(\[$€£¥]?(\w)")
_ORDINAL = re.compile(r"(?<![\w.,^])\d{1,2}\.\s*\Z")
_COUNTED = re.compile(  # German: "am 3. Mai", "im 19. Jahrhundert"
    r"\s*(?:Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November"
    r"|Dezember|Jahrhunderts?|Jahrtausends?|Kapitels?|Auflage|Jahrestag|Weltkriegs?|Stock|Etage"
    r"|Lebensjahr)(?!\w)"
)
_CLOSING = "」』）〉》】〕”’"
_NO_START = _CLOSING + ",;)]}"
_END_ALONE = re.compile(r"[.!?](?!\S)")
_IN_BRACKETS = re.compile(  # a whole sentence, and the next one
    r"\s*\([^()]{1,500}[.!?][\"'”’]?\)\s+(?=[\"'“‘(]?[^\W\d_a-z])"
)
_REFERENCE = re.compile(r"\s?\[\d{1,4}\]\s*\Z")  # "e.g. [3]", and "It is so.[3]"
_CLOSED = re.compile(f"[。！？!?][{_CLOSING}]+\\Z")
_PARTICLE = re.compile(  # Japanese: the quote is a part of the sentence around it
    "と(?!ても|ころ|きに|りわけ)|って|も(?!う|し|ちろん|っと)|は(?![いじ])|が(?!ん)|を|に(?!ほん)|の(?!ち)"
    "|で(?!も|は)|や(?!は|が)|など|だ(?![かが])|です|へ|から|まで|より(?!よ)"
)
_GERMAN_ORDINAL = re.compile(r"\b(?:[Dd](?:er|ie|as|em|en|es)|[Jj]ede[rsnm]?) \d{1,2}\.\s*\Z")
_NOUN = re.compile(r"\s*[A-ZÄÖÜ][A-Za-zÄÖÜäöüß]")
_PLURAL = re.compile(r"(?<!\w)([A-Z])\1\.\s*\Z")  # Spanish: EE. UU., RR. HH.
_GOES_ON_BEHIND_PLURAL = re.compile(r"\s*(?:([A-Z])\1\.|[a-zà-ÿ])")
_TOWN = re.compile(r"(?<![\w.])(?<!\d\s)г\.\s*\Z")  # not a year: "в г. Москва", "в 1990 г."
_INITIAL = re.compile(r"(?:(?<!\w)([^\W\d_])\.\s?)?(?<!\w)([^\W\d_])\.\s*\Z")
_OTHER_INITIAL = re.compile(r"[^\W\d_]\.")
_AFTER_DOTS = re.compile(r"""(?<=\S)…["'”’»)\]]*\s+(?=["“‘«(]?([^\W\d_]))(?!I\b)""")
_NAME_WITH_DOT = re.compile(r"(?:\A|[\s(])\.\Z")  # .NET, .bashrc
_THAI = "\u0e01-\u0e2e\u0e30-\u0e3a\u0e40-\u0e45\u0e47-\u0e4e\u0e81-\u0eae\u0eb0-\u0ecd"  # and Lao
_PAUSE = re.compile(f"(?<=[{_THAI}])[ ]+(?=[{_THAI}])")
_CONJUNCTION = re.compile(
    "(?:และ|หรือ|ซึ่ง|โดย|ที่|เพื่อ|เพราะ|จึง|แต่|ของ|กับ|ใน|เป็น|คือ|ได้แก่|เช่น|รวม|จน|ให้|ว่า)"
)
_MIN_THAI_CHARS = 40  # a shorter part is a clause


def goes_on(block: str, start: int, end: int) -> bool:
    """Whether the sentence from `start` on does not end at `end`, though a sign says so."""
    if _END_ALONE.match(block, end) or (block[end : end + 1] and block[end] in _NO_START):
        return True
    reference = _REFERENCE.search(block, max(start, end - _LAST_WORD_CHARS), end)
    end = reference.start() if reference else end
    near = max(start, end - _LAST_WORD_CHARS)
    if _CLOSED.search(block, near, end):
        return _PARTICLE.match(block, end) is not None
    found = _FOLLOWING.match(block, end) if reference is None else None
    following = found[1] if found else ""
    return (
        _is_abbreviated(block, near, end, following)
        or _is_ordinal(block, near, end, following)
        or _is_part_of_name(block, near, end)
    )


def _is_abbreviated(block: str, near: int, end: int, following: str) -> bool:
    word = _LAST_WORD.search(block, near, end)
    if word is None:
        return False
    letters = word[1].lower()
    if letters in _ABBREVIATIONS:
        return True
    if letters in _BEFORE_SMALL and (following.islower() or following.isdigit()):
        return True
    if letters in _BEFORE_NUMBER and following.isdigit():
        return True
    return letters == "г" and following.isupper() and bool(_TOWN.search(block, near, end))


def _is_ordinal(block: str, near: int, end: int, following: str) -> bool:
    is_small = following.islower() and "\n" not in block[near:end]
    if is_small and (_LETTER.search(block, near, end) or _ORDINAL.search(block, near, end)):
        return True
    if _GERMAN_ORDINAL.search(block, near, end) and _NOUN.match(block, end):
        return True
    return _ORDINAL.search(block, near, end) is not None and bool(_COUNTED.match(block, end))


def _is_part_of_name(block: str, near: int, end: int) -> bool:
    if _is_initial(block, near, end):
        return True
    if _PLURAL.search(block, near, end):
        return _GOES_ON_BEHIND_PLURAL.match(block, end) is not None
    return block[end : end + 1].isalpha() and _NAME_WITH_DOT.search(block, near, end) is not None


def _is_initial(block: str, near: int, end: int) -> bool:
    """Whether a name goes on behind one of two initials, of other alphabets than the Latin."""
    found = _INITIAL.search(block, near, end)
    if found is None or found[2].isascii() or not found[2].isupper():
        return False
    if _OTHER_INITIAL.match(block, end) and block[end].isupper():
        return True
    return found[1] is not None and found[1].isupper() and block[end : end + 1].isupper()


def inner_starts(text: str, start: int, end: int) -> Iterator[int]:
    """Where other sentences begin within what seems to be one."""
    bracketed = _IN_BRACKETS.match(text, start, end)
    if bracketed:
        yield bracketed.end()
        start = bracketed.end()
    after_dots = (
        found.end() for found in _AFTER_DOTS.finditer(text, start, end) if found[1].isupper()
    )
    yield from sorted({*_pauses(text, start, end), *after_dots})


def _pauses(text: str, start: int, end: int) -> Iterator[int]:
    """Where a sentence of Thai or Lao may begin, which have no full stops: behind some spaces."""
    last = start
    for space in _PAUSE.finditer(text, start, end):
        if space.start() - last < _MIN_THAI_CHARS or _CONJUNCTION.match(text, space.end()):
            continue
        if end - space.end() < _MIN_THAI_CHARS // 3:
            return
        last = space.end()
        yield last
