"""Tells which documents are translations of each other: by paths, and by what is not language."""

import heapq
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, combinations
from zlib import crc32

LOCALES = frozenset(  # ISO 639-1, of the languages that manuals are most often translated into
    [
        "ar",
        "bg",
        "ca",
        "cs",
        "da",
        "de",
        "el",
        "en",
        "eo",
        "es",
        "et",
        "eu",
        "fa",
        "fi",
        "fr",
        "gl",
        "he",
        "hi",
        "hr",
        "hu",
        "id",
        "it",
        "ja",
        "ka",
        "ko",
        "lt",
        "lv",
        "nb",
        "nl",
        "nn",
        "no",
        "pl",
        "pt",
        "ro",
        "ru",
        "sk",
        "sl",
        "sq",
        "sr",
        "sv",
        "th",
        "tr",
        "uk",
        "vi",
        "zh",
    ]
)
MAX_DOCUMENTS_SHARING = 8  # an anchor in more documents tells nothing about two of them
MIN_SHARED_ANCHORS = 10
MIN_ANCHOR_SHARE = 0.5
MAX_ANCHORS = 100  # of one document: those with the smallest hashes, the same in each

_PARTS = re.compile(r"([/._-])")
_REGION = re.compile(r"[A-Z]{2}|[A-Z][a-z]{3}|cn|tw|br|latn|cyrl")
_ANCHOR = re.compile(
    r"https?://[^\s<>\"')\]]{4,200}"  # addresses
    r"|(?<![\w.])\d{1,3}(?:\.\d{1,3}){1,4}(?![\w.])"  # numbers of sections
    r"|(?<!\w)--?[a-z][\w-]{2,40}"  # options
    r"|(?<![\w/])(?:/[\w.+-]{1,60}){2,8}"  # paths
    r"|(?<!\w)[A-Za-z]\w{0,40}_\w{1,40}(?!\w)"  # names in code
)


def without_locale(path: str) -> str:
    """A path without the parts that name a language: the same for all translations of a file."""
    *folders, name = path.split("/")
    stem, dot, ending = name.rpartition(".")
    kept = [folder for folder in folders if folder.lower() not in LOCALES]
    parts = _PARTS.split(stem or ending)
    if len(parts) > 2 and parts[-1].lower() in LOCALES:
        parts = parts[:-2]
    elif len(parts) > 4 and parts[-3].lower() in LOCALES and _REGION.fullmatch(parts[-1]):
        parts = parts[:-4]
    return "/".join([*kept, "".join(parts) + (dot + ending if stem else "")])


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
