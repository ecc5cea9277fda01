"""Tells which documents are translations of each other by what no translator touches."""

import heapq
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, combinations
from zlib import crc32

MAX_DOCUMENTS_SHARING = 8  # an anchor in more documents tells nothing about two of them
MIN_SHARED_ANCHORS = 10
MIN_ANCHOR_SHARE = 0.5
MAX_ANCHORS = 100  # of one document: those with the smallest hashes, the same in each

_ANCHOR = re.compile(
    r"https?://[^\s<>\"')\]]{4,200}"  # addresses
    r"|(?<![\w.])\d{1,3}(?:\.\d{1,3}){1,4}(?![\w.])"  # numbers of sections
    r"|(?<!\w)--?[a-z][\w-]{2,40}"  # options
    r"|(?<![\w/])(?:/[\w.+-]{1,60}){2,8}"  # paths
    r"|(?<!\w)[A-Za-z]\w{0,40}_\w{1,40}(?!\w)"  # names in code
)


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
            languages = {language_of(one), language_of(other)}
            if None not in languages and len(languages) > 1:
                yield one, other
