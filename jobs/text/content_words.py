"""Measures how many words two texts share, and how much one copies from the other."""

import re
import unicodedata

STEM_CHARS = 5  # cutting words to a prefix is a stemmer that needs no language
COPY_WORDS = 8

_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_WORD = re.compile(rf"{_UNSPACED.pattern}|\w+")
ENGLISH_STOP_WORDS = frozenset(
    """
    a about after all also an and another any anyone anything are as at be because been before being
    between both but by can cannot could did do does doing done during each either else even ever
    every few for from get gets give given gives had has have having he her here hers him his how
    however i if in instead into is it its itself just kind like made make makes many may me might
    mine more most much must my need needed needs neither no nor not of off on once one only onto or
    other others our out over own rather same shall she should since so some someone something such
    than that the their theirs them then there these they this those through thus to too two under
    until up upon us use used uses using very via was way we were what when where whether which
    while who whom whose why will with within without would yes yet you your yours
    """.split()  # noqa: SIM905 - a page of quoted words reads worse
)


def content_words(text: str) -> set[str]:
    """The stems of the words of `text` that carry meaning.

    The stop words are English; texts in other languages keep theirs and seem a little closer to
    each other than they are.
    """
    words = _WORD.findall(text.casefold())
    return {word[:STEM_CHARS] for word in words if word not in ENGLISH_STOP_WORDS}


def content_overlap(text: str, source: str) -> float:
    """The share of the content words of `text` that occur in `source`; 0 if it has none."""
    words = content_words(text)
    return len(words & content_words(source)) / len(words) if words else 0.0


def copy_share(text: str, source: str) -> float:
    """The share of the runs of COPY_WORDS words of `text` that stand in `source` as they are.

    In scripts without spaces a run is of twice as many characters: a single word may have ten.
    """
    length = COPY_WORDS * 2 if _is_unspaced(text) else COPY_WORDS
    runs = _word_runs(text, length)
    if not runs:
        return 0.0
    copied = set(_word_runs(source, length))
    return sum(run in copied for run in runs) / len(runs)


def width(text: str) -> int:
    """Characters of `text`; those that say as much as two letters do, as in Chinese, count twice.

    Which ones these are is the East Asian width of Unicode (UAX 11).
    """
    if text.isascii():
        return len(text)
    return len(text) + sum(unicodedata.east_asian_width(char) in "WF" for char in text)


def _is_unspaced(text: str) -> bool:
    """Whether most of its words are characters of scripts without spaces."""
    words = _WORD.findall(text)
    return 2 * sum(_UNSPACED.match(word) is not None for word in words) > len(words)


def _word_runs(text: str, length: int) -> list[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    return [tuple(words[i : i + length]) for i in range(len(words) - length + 1)]
