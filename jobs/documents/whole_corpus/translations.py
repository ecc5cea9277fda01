"""Tells which documents are translations of each other: by paths, and by what is not language."""

import heapq
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, combinations
from zlib import crc32

LOCALES = frozenset(  # ISO 639-1, of the languages that manuals are most often translated into
    (
        *("ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "eo", "es", "et", "eu", "fa", "fi"),
        *("fr", "gl", "he", "hi", "hr", "hu", "id", "it", "ja", "ka", "kk", "ko", "lt", "lv", "ms"),
        *("nb", "nl", "nn", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sq", "sr", "sv", "ta", "th"),
        *("tr", "uk", "ur", "vi", "zh"),
        *("cn", "cz", "jp", "kr", "tw", "ua"),  # countries, which stand for their languages
        *("chinese", "deutsch", "dutch", "english", "espanol", "francais", "french", "german"),
        *("italian", "italiano", "japanese", "korean", "polish", "portuguese", "russian"),
        *("spanish", "turkish", "ukrainian"),
    )
)
MAX_DOCUMENTS_SHARING = 8  # an anchor in more documents tells nothing about two of them
MIN_SHARED_ANCHORS = 10
MIN_ANCHOR_SHARE = 0.5
MAX_ANCHORS = 100  # of one document: those with the smallest hashes, the same in each

_REGION = r"(?:[-_@](?:[a-z]{2}|hans|hant|latn|latin|cyrl|cyrillic|419))"  # or script: BCP 47
_LOCALE = rf"(?:{'|'.join(sorted(LOCALES))}){_REGION}{{0,2}}"
_FOLDER = re.compile(_LOCALE, re.IGNORECASE)
_LAST_PART = re.compile(rf"(?<=[^._-])[._-]{_LOCALE}\Z", re.IGNORECASE)
_ZIPPED = ".gz"
_ANCHOR = re.compile(
    r"https?://[^\s<>\"')\]]{4,200}"  # addresses
    r"|(?<![\w.])\d{1,3}(?:\.\d{1,3}){1,4}(?![\w.])"  # numbers of sections
    r"|(?<!\w)--?[a-z][\w-]{2,40}"  # options
    r"|(?<![\w/])(?:/[\w.+-]{1,60}){2,8}"  # paths
    r"|(?<!\w)[A-Za-z]\w{0,40}_\w{1,40}(?!\w)"  # names in code
)


def without_locale(path: str) -> str:
    """A path without the parts that name a language: the same for all translations of a file."""
    *folders, name = path.removesuffix(_ZIPPED).split("/")
    stem, dot, ending = name.rpartition(".")
    kept = [folder for folder in folders if not _FOLDER.fullmatch(folder)]
    if not stem:
        stem, dot, ending = name, "", ""
    return "/".join([*kept, _LAST_PART.sub("", stem) + dot + ending])


def find_anchors(text: str) -> frozenset[int]:
    """Hashes of addresses, section numbers, options, paths and names in code.

    No translator touches them. Of many, the `MAX_ANCHORS` smallest hashes stand for all.
    """
    found = {crc32(match[0].encode("utf-8", "replace")) for match in _ANCHOR.finditer(text)}
    return frozenset(heapq.nsmallest(MAX_ANCHORS, found))


def pair_by_anchors(
    documents: Mapping[int, frozenset[int]], language_of: Callable[[int], str | None]
) -> Iterator[tuple[int, int]]:
    """The pairs of documents in different languages that share most of their rarer anchors.

    `documents` holds the anchors of each. `language_of` is called for few of them.
    """
    holders: defaultdict[int, list[int]] = defaultdict(list)
    for number, anchors in documents.items():
        for anchor in anchors:
            holders[anchor].append(number)
    rare = [numbers for numbers in holders.values() if len(numbers) <= MAX_DOCUMENTS_SHARING]
    rare_count = Counter(chain.from_iterable(rare))
    shared = Counter(chain.from_iterable(combinations(numbers, 2) for numbers in rare))
    for (one, other), count in shared.items():
        least = MIN_ANCHOR_SHARE * min(rare_count[one], rare_count[other])
        if count >= max(MIN_SHARED_ANCHORS, least):
            languages = language_of(one), language_of(other)
            if None not in languages and languages[0] != languages[1]:
                yield one, other


def pair_by_path(paths: Iterable[str]) -> Iterator[tuple[int, int]]:
    """The pairs of places of files that have the same path but for the language in it."""
    first: dict[str, int] = {}
    for number, path in enumerate(paths):
        same = first.setdefault(without_locale(path), number)
        if same != number:
            yield same, number
