"""Finds near duplicates: texts with almost the same words as an earlier one."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

from jobs.text.content_words import STEM_CHARS, content_words
from jobs.text.repeats.rare_groups import RareGroups
from jobs.text.word_overlap import count_spoken_words, telling_words

# Stop words elsewhere; between two questions they make the difference.
_QUESTION_WORDS = frozenset(
    ("what", "why", "how", "when", "where", "which", "who", "whom", "whose", "not", "no", "without")
)
_ASKING_WORDS = _QUESTION_WORDS.union(
    """
    was warum weshalb wieso wie wann wo welche welcher welches wer wen wem nicht kein keine ohne
    que quoi pourquoi comment quand où qui quel quelle quels quelles pas sans
    qué cómo cuándo dónde quién cuál no sin
    """.split()  # noqa: SIM905 - a page of quoted words reads worse
)
_WORD = re.compile(r"\w+")
MIN_LONG_WORDS = 25  # more than most sentences: one sentence may rightly answer two questions
ROUNDING = 1e-9  # 0.55 * 20 is a little more than 11


class Match(NamedTuple):
    """The earlier item that a text is like, and how like it is."""

    item_id: str
    similarity: float


class WordIndex(Protocol):
    """Sets of words by number, and those of them that may be similar to another."""

    def __len__(self) -> int: ...

    def words_of(self, text: int) -> Sequence[int]:
        """The words of a text by its number."""

    def size_of(self, text: int) -> int:
        """How many words a text has."""

    def add(self, words: Sequence[int]) -> None:
        """Remember a text, whose number is how many there were."""

    def find(self, words: Sequence[int], size: int) -> set[int]:
        """The texts that may be similar to one of `size` words, of which `words` are known."""


class NearDuplicates:
    """Remembers texts by their content words and finds the one that a new text is most like.

    Similarity is Jaccard's, on sets: the words of both through the words of either, without case,
    order, punctuation, endings and stop words. What an index finds is compared exactly. That of
    rare words misses nothing that is similar; a remembered question costs about 400 bytes.
    """

    def __init__(
        self,
        max_similarity: float,
        words_of: Callable[[str], set[str]] | None = None,
        *,
        index: WordIndex | None = None,
        differ: Callable[[str, str], bool] | None = None,
    ) -> None:
        """`words_of` says what texts are compared by: `words_of_any_language`, or as at first.

        `index`: another one than that of rare words. `differ`: whether the remembered item of an
        id and a text that is alike in words say different things all the same.
        """
        self._words_of = words_of or words_as_at_first
        self._max_similarity = max_similarity
        self._item_ids: list[str] = []
        self._word_ids: dict[str, int] = {}
        self._index: WordIndex = RareGroups(self._least) if index is None else index
        self._differ = differ

    def add(self, item_id: str, text: str) -> Match | None:
        """The earlier item that `text` duplicates; None if it is new, and then it is remembered.

        A duplicate is at least `max_similarity` alike. Of several, the most similar, then the
        earliest counts.
        """
        words = self._words_of(text)
        match = self._find(text, words)
        if match is None:
            self._remember(item_id, words)
        return match

    def find(self, text: str) -> Match | None:
        """The remembered item that `text` duplicates; `text` is not remembered."""
        return self._find(text, self._words_of(text))

    def remember(self, item_id: str, text: str) -> None:
        """Remember a text that is known to be new, which is faster than to look for its like."""
        self._remember(item_id, self._words_of(text))

    def differ(self, item_id: str, text: str) -> bool:
        """Whether an item and a text that is alike in words say different things all the same."""
        return self._differ is not None and self._differ(item_id, text)

    def _find(self, text: str, words: set[str]) -> Match | None:
        """Of several the most similar, then the earliest."""
        similar = sorted(self._similar(words), key=lambda found: (-found.similarity, found.number))
        for number, similarity in similar:
            item_id = self._item_ids[number]
            if not self.differ(item_id, text):
                return Match(item_id, similarity)
        return None

    def _similar(self, words: set[str]) -> Iterator["_Similar"]:
        size, known = len(words), {self._word_ids[w] for w in words if w in self._word_ids}
        least = self._max_similarity
        for number in self._index.find(list(known), size):
            if are_near_in_size(size, self._index.size_of(number), least):
                similarity = similarity_of(known, size, self._index.words_of(number))
                if similarity >= least:
                    yield _Similar(number, similarity)

    def _least(self, size: int) -> int:
        return least_shared(size, self._max_similarity)

    def _remember(self, item_id: str, words: set[str]) -> None:
        ids = self._word_ids
        self._index.add(sorted(ids.setdefault(word, len(ids)) for word in words))
        self._item_ids.append(item_id)


class _Similar(NamedTuple):
    number: int
    similarity: float


def least_shared(size: int, min_similarity: float) -> int:
    """How many of `size` words a similar text has."""
    return max(1, math.ceil(min_similarity * size - ROUNDING))


def are_near_in_size(size: int, other_size: int, min_similarity: float) -> bool:
    """Whether texts of so many words can be similar."""
    return max(size, other_size) * min_similarity <= min(size, other_size) + ROUNDING


def similarity_of(known: set[int], size: int, others: Sequence[int]) -> float:
    """How similar a text of `size` words, of which `known` have numbers, is to one of `others`."""
    shared = len(known.intersection(others))
    return shared / (size + len(others) - shared)


def is_long(text: str) -> bool:
    """Whether an answer is so long that it repeats another one if it has nearly its words."""
    return count_spoken_words(text) >= MIN_LONG_WORDS


def words_of_any_language(text: str) -> set[str]:
    """What a text is compared by, in scripts without spaces too; never empty."""
    asking = _ASKING_WORDS.intersection(_WORD.findall(text.casefold()))
    stems = {word[:STEM_CHARS] for word in telling_words(text)}
    return stems | asking or set(_WORD.findall(text.casefold())) or {text}


def words_as_at_first(text: str) -> set[str]:
    """What a text is compared by; never empty."""
    every = _WORD.findall(text.casefold())
    return content_words(text) | _QUESTION_WORDS.intersection(every) or set(every) or {text}
