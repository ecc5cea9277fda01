"""Measures how much of what a text speaks of stands in its source, in any language.

Words count by their beginnings, so that endings do not matter. A long word also counts where a
part of it stands in the source, as in languages that put words together ("Paketabhängigkeit",
"Abhängigkeiten"). In scripts without spaces pairs of characters take the place of words.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from jobs.text.content_words import STEM_CHARS
from jobs.text.stop_words import STOP_WORDS

PART_CHARS = (
    6  # of a compound; shorter parts stand in words that have nothing to do with each other
)
MIN_COMPOUND_CHARS = 9
KEPT_SOURCES = 64  # whose words are remembered: a chunk is looked at for each of its questions

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_RUN = re.compile(rf"([{_UNSPACED}]+)|([^\W_{_UNSPACED}]+)")
_HIRAGANA = re.compile(r"[\u3040-\u309f]+")  # endings and particles of Japanese


def word_overlap(text: str, *sources: str) -> float:
    """The share of the telling words of `text` that stand in `sources`; 1 if it has none."""
    words = telling_words(text)
    if not words:
        return 1.0
    known = frozenset[str]().union(*map(_known_parts, sources))
    return sum(_is_known(word, known) for word in words) / len(words)


def count_spoken_words(text: str) -> int:
    """About how many words a text has: in scripts without spaces one for two characters."""
    return sum((len(unspaced) + 1) // 2 if unspaced else 1 for unspaced, _ in _RUN.findall(text))


def words_beyond(text: str, source: str) -> frozenset[str]:
    """The telling words of `text` that do not stand in `source`."""
    known = _known_parts(source)
    return frozenset(word for word in telling_words(text) if not _is_known(word, known))


def telling_words(text: str) -> frozenset[str]:
    """The words of a text that carry meaning: without case, endings of stems are kept."""
    return frozenset(_words(text))


def _words(text: str) -> Iterator[str]:
    for unspaced, word in _RUN.findall(text.casefold()):
        if unspaced:
            yield from _pairs(unspaced)
        elif word not in STOP_WORDS and (len(word) > 1 or word.isdigit()):
            yield word


def _pairs(run: str) -> Iterator[str]:
    """Two characters in a row, without pairs that are grammar alone; a single one stands alone."""
    if len(run) == 1:
        yield run
    for start in range(len(run) - 1):
        pair = run[start : start + 2]
        if not _HIRAGANA.fullmatch(pair):
            yield pair


@lru_cache(KEPT_SOURCES)
def _known_parts(source: str) -> frozenset[str]:
    parts = set[str]()
    for word in telling_words(source):
        parts.add(word[:STEM_CHARS])
        parts.update(_inner_parts(word))
    return frozenset(parts)


def _is_known(word: str, known: frozenset[str]) -> bool:
    return word[:STEM_CHARS] in known or any(part in known for part in _inner_parts(word))


def _inner_parts(word: str) -> Sequence[str]:
    """What may be a word within a word; a mark keeps it apart from beginnings of words."""
    if len(word) < PART_CHARS:
        return ()
    start_count = len(word) - PART_CHARS + 1 if len(word) >= MIN_COMPOUND_CHARS else 1
    return [f"~{word[start : start + PART_CHARS]}" for start in range(start_count)]
