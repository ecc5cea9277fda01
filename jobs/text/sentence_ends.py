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
    )
)
_BEFORE_SMALL = frozenset(  # these are words, too, or may end a sentence
    (
        *("abs", "art", "bd", "bla", "ca", "eq", "ex", "fr", "hr", "ill", "ifm", "jf", "kb", "kl"),
        *("ks", "mfl", "mis", "n", "np", "pl", "por", "resp", "sok", "str", "tab", "tj", "ts"),
        *("ud", "vb", "vol", "тыс", "мал", "env"),
    )
)
_LAST_WORD = re.compile(r"(?<![\w.])([^\W\d_]{1,6}(?:\.[^\W\d_]{1,4}){0,3})\.\s*\Z")
_LETTER = re.compile(r"(?<!\w)[^\W\d_A-Z]\.\s*\Z")  # "т. е.": of several, with spaces
_LAST_WORD_CHARS = 24
_FOLLOWING = re.compile(r"\s*(\w)")
_ORDINAL = re.compile(r"(?<![\w.,^])\d{1,2}\.\s*\Z")
_COUNTED = re.compile(  # German: "am 3. Mai", "im 19. Jahrhundert"
    r"\s*(?:Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November"
    r"|Dezember|Jahrhunderts?|Jahrtausends?|Kapitels?|Auflage|Jahrestag|Weltkriegs?|Stock|Etage"
    r"|Lebensjahr)(?!\w)"
)
_CLOSING = "」』）〉》】〕”’"
_CLOSED = re.compile(f"[。！？!?][{_CLOSING}]+\\Z")
_PARTICLE = re.compile(  # Japanese: the quote is a part of the sentence around it
    "と(?!ても|ころ|きに|りわけ)|って|も(?!う|し|ちろん|っと)|は(?![いじ])|が(?!ん)|を|に(?!ほん)|の(?!ち)"
    "|で(?!も|は)|や(?!は|が)|など|だ(?![かが])|です|へ|から|まで|より(?!よ)"
)
_THAI = "\u0e01-\u0e2e\u0e30-\u0e3a\u0e40-\u0e45\u0e47-\u0e4e\u0e81-\u0eae\u0eb0-\u0ecd"  # and Lao
_PAUSE = re.compile(f"(?<=[{_THAI}])[ ]+(?=[{_THAI}])")
_CONJUNCTION = re.compile(
    "(?:และ|หรือ|ซึ่ง|โดย|ที่|เพื่อ|เพราะ|จึง|แต่|ของ|กับ|ใน|เป็น|คือ|ได้แก่|เช่น|รวม|จน|ให้|ว่า)"
)
_MIN_THAI_CHARS = 40  # a shorter part is a clause


def goes_on(block: str, start: int, end: int) -> bool:
    """Whether the sentence from `start` on does not end at `end`, though a sign says so."""
    if block[end : end + 1] and block[end] in _CLOSING:
        return True
    near = max(start, end - _LAST_WORD_CHARS)
    if _CLOSED.search(block, near, end):
        return _PARTICLE.match(block, end) is not None
    word = _LAST_WORD.search(block, near, end)
    if word and word[1].lower() in _ABBREVIATIONS:
        return True
    following = _FOLLOWING.match(block, end)
    if following and word and word[1].lower() in _BEFORE_SMALL:
        return following[1].islower() or following[1].isdigit()
    is_small = following is not None and following[1].islower() and "\n" not in block[near:end]
    if is_small and (_LETTER.search(block, near, end) or _ORDINAL.search(block, near, end)):
        return True
    return _ORDINAL.search(block, near, end) is not None and bool(_COUNTED.match(block, end))


def pauses(text: str, start: int, end: int) -> Iterator[int]:
    """Where a sentence of Thai or Lao may begin, which have no full stops: behind some spaces."""
    last = start
    for space in _PAUSE.finditer(text, start, end):
        if space.start() - last < _MIN_THAI_CHARS or _CONJUNCTION.match(text, space.end()):
            continue
        if end - space.end() < _MIN_THAI_CHARS // 3:
            return
        last = space.end()
        yield last
