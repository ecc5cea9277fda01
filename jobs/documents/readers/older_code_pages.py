"""The code page whose letters fit a language: of DOS, of old Macintosh programs, rarely another.

A guess for the web knows hardly any of these and takes them for another one.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

_ALPHABETS = {  # beyond ASCII, in small letters
    "de": "äöüß", "ca": "àçèéíïòóúü·", "nb": "æøåéòô", "eo": "ĉĝĥĵŝŭ",
    "fr": "àâæçéèêëîïôœùûüÿ", "es": "áéíñóúü", "pt": "áâãàçéêíóôõúü",
    "it": "àèéìíîòóùú", "nl": "áéèëïóöü", "sv": "åäöéü", "da": "æøåéöä", "is": "áéíóúýþæöð",
    "pl": "ąćęłńóśźż", "cs": "áčďéěíňóřšťúůýž", "sk": "áäčďéíĺľňóôŕšťúýž", "hu": "áéíóöőúüű",
    "ro": "ăâîşţșț", "hr": "čćđšž", "tr": "çğıöşüâîû", "et": "äõöüšž", "lt": "ąčęėįšųūž",
    "lv": "āčēģīķļņšūž", "el": "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ",
    "ru": "абвгдежзийклмнопрстуфхцчшщъыьэюяё", "uk": "абвгдежзийклмнопрстуфхцчшщьюяіїєґ",
    "sr": "абвгдежзијклљмнњопрстћуфхцчџшђ",
}  # fmt: skip
_ALPHABETIC = frozenset(  # what may be guessed of such text: as the guess calls it, and Python
    (
        *(f"windows-125{number}" for number in (0, 1, 2, 3, 4, 7, 8)),
        *(f"iso-8859-{number}" for number in (2, 4, 5, 7, 10, 13, 14, 15, 16)),
        *("koi8-u", "koi8-r", "ibm866", "x-mac-cyrillic", "mac_cyrillic", "macintosh", "cp1252"),
    )
)
_WESTERN = ("de", "fr", "es", "pt", "it", "nl", "ca", "sv", "da", "nb")
_CENTRAL = ("pl", "cs", "sk", "hu", "ro", "hr", "de")
_BALTIC = ("lt", "lv", "et")
_SLAVIC = ("ru", "uk", "sr")
_OLDER = {  # code pages by how often they are met, and the languages that they are for
    "cp850": (*_WESTERN, "is"),
    "cp437": ("de", "fr", "es", "it", "sv", "nl", "ca"),
    "mac_roman": _WESTERN,
    "cp852": _CENTRAL,
    "mac_cyrillic": _SLAVIC,
    "cp855": _SLAVIC,
    "cp1125": ("uk",),
    "cp737": ("el",),
    "cp869": ("el",),
    "mac_greek": ("el",),
    "cp857": ("tr",),
    "mac_turkish": ("tr",),
    "mac_latin2": _CENTRAL,
    "cp775": _BALTIC,
    "cp1257": _BALTIC,
    "cp865": ("da", "nb"),
    "cp861": ("is",),
    "mac_iceland": ("is",),
    "cp860": ("pt",),
    "iso8859-3": ("eo",),
    "cp1250": _CENTRAL,
    "iso8859-2": _CENTRAL,
}
_WORD = re.compile(r"[^\W\d_]+")
_SIGNS = frozenset("«»“”„‘’‚‹›–—‑…°§€¢£¤¥©®™·•¿¡ºª²³¹¼½¾±×÷µ¶†‡\xa0\xad")
_IN_WORDS = "«»“”„‚‹›†‡•¡¿¢£¤¥§©ª®°±µ¶º¼½¾×÷"
_OUT_OF_PLACE = re.compile(  # within a word, or at its end
    rf"(?<=[^\W\d_])[{_IN_WORDS}](?=[^\W\d_])"
    r"|(?<=[^\W\d_])[‚„†‡•¡¿¢£¤¥§µ¶±÷¼½¾](?![^\W\d_])"
)
_LAST_LATIN, _FIRST_GREEK = "\u024f", "\u0370"
_BOXES_ALONE = re.compile(rb"[\x00-\x7f\xb0-\xdf]*")
_LINES = re.compile(rb"\xc4{3}|\xcd{3}")
_MIN_FAULTS = 2
_MAX_BYTES = 8 * 1024  # that are looked at: text of one language shows itself sooner
_BETTER = 4  # times fewer in the other code page


class _Found(NamedTuple):
    """A code page, and how much of a text is strange in it."""

    fault_count: int
    codec: str


def find_older_codec(data: bytes, codec: str) -> str | None:
    """The code page of text for which `codec` was guessed, if another makes words of it."""
    if _BOXES_ALONE.fullmatch(data) and _LINES.search(data):
        return "cp437"
    if codec not in _ALPHABETIC:
        return None
    data = data[:_MAX_BYTES]
    found_count = _fault_count(data.decode(codec, "replace"), _ALPHABETS)
    if found_count < _MIN_FAULTS:
        return None
    best = min(
        (
            _Found(_fault_count(data.decode(older, "replace"), languages), older)
            for older, languages in _OLDER.items()
        ),
        key=lambda found: found.fault_count,
    )
    return best.codec if best.fault_count * _BETTER <= found_count else None


def _fault_count(text: str, languages: Iterable[str]) -> int:
    """How many letters and signs are strange in the language that they fit best."""
    letters = Counter(text.lower())
    strange = {
        letter: count
        for letter, count in letters.items()
        if not letter.isascii() and letter not in _SIGNS
    }
    least = min(
        sum(count for letter, count in strange.items() if letter not in _ALPHABETS[language])
        for language in languages
    )
    words = (word for word in _WORD.findall(text) if not word.isascii())
    return least + len(_OUT_OF_PLACE.findall(text)) + sum(map(_mixed_count, words))


def _mixed_count(word: str) -> int:
    """How many large letters stand within a word; one for letters of two scripts."""
    is_of_two = min(word) <= _LAST_LATIN and max(word) >= _FIRST_GREEK
    large_count = 0 if word.isupper() else sum(map(str.isupper, word[1:]))
    return is_of_two + large_count
