"""Scores texts against another one by BM25, in any language.

Robertson and Zaragoza, "The Probabilistic Relevance Framework" (2009), eq. 3.15; a word counts
once in each text, however often it stands there, and by its beginning.
"""

import math
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from jobs.text.content_words import STEM_CHARS
from jobs.text.word_overlap import telling_words

K1, B = 1.2, 0.75  # as Robertson and Zaragoza propose them


def stems(text: str) -> frozenset[str]:
    """The beginnings of the telling words of a text."""
    return frozenset(word[:STEM_CHARS] for word in telling_words(text))


def bm25_scores(wanted: AbstractSet[str], texts: Sequence[AbstractSet[str]]) -> list[float]:
    """How much each of `texts` has of the words that are wanted; all are given as `stems`.

    A word weighs the more, the fewer of `texts` hold it.
    """
    holders = Counter(word for text in texts for word in text)
    mean_length = sum(map(len, texts)) / len(texts) if texts else 0.0

    def score(text: AbstractSet[str]) -> float:
        length = len(text) / mean_length if mean_length else 0.0
        weight = (K1 + 1) / (1 + K1 * (1 - B + B * length))
        return weight * sum(_rarity(holders[word], len(texts)) for word in sorted(wanted & text))

    return [score(text) for text in texts]


def _rarity(holder_count: int, text_count: int) -> float:
    return math.log(1 + (text_count - holder_count + 0.5) / (holder_count + 0.5))
