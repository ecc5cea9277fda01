"""An index of texts in parts, of which each finds pairs by itself: by the rarest words of texts.

Words have one order, from rare to common, which all parts share. Of two similar texts the rarest
word that both have is among the first few of either (as in jobs.text.repeats.rare_groups). So a
text belongs to the parts of its first words, and a pair is found by the part of that one word.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple
from zlib import crc32

from jobs.text.repeats.near_duplicates import are_near_in_size, least_shared, similarity_of
from jobs.text.repeats.rare_groups import (
    FIRST_TEXTS,
    GROWTH,
    TOGETHER,
    Postings,
    TextWords,
)

MIN_COUNT = 2  # in a sample; words that were seen once are as rare as those that were not


class WordOrder:
    """An order of words: by how often a sample has them, then by their letters."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._counts = counts

    def sort(self, words: Iterable[str]) -> list[str]:
        """From rare to common."""
        counts = self._counts
        return sorted(words, key=lambda word: (counts.get(word, 0), word))


def count_words(texts: Iterable[Iterable[str]]) -> dict[str, int]:
    """How many texts of a sample have each word, as far as that tells words apart."""
    counts = Counter(word for words in texts for word in words)
    return {word: count for word, count in counts.items() if count >= MIN_COUNT}


def parts_of(words: Sequence[str], min_similarity: float, part_count: int) -> set[int]:
    """The parts in which a text is to be compared, whose words are given from rare to common."""
    first_count = len(words) - least_shared(len(words), min_similarity) + 1
    return {part_of(word, part_count) for word in words[:first_count]}


def part_of(word: str, part_count: int) -> int:
    """The part of a word, which finds the pairs whose rarest common word it is."""
    return crc32(word.encode("utf-8", "surrogatepass")) % part_count


class SimilarText(NamedTuple):
    """The number of a text, how similar it is, and whether the part of this index finds it."""

    number: int
    similarity: float
    is_own: bool


class WordPart(TextWords):
    """The texts of one part: those that were added, by number, and which are similar to another.

    All similar ones are found whose rarest common word is of this part; of the others some. An
    added text costs about 200 bytes.
    """

    def __init__(self, part: int, part_count: int, min_similarity: float) -> None:
        super().__init__()
        self._part, self._part_count = part, part_count
        self._min_similarity = min_similarity
        self._word_ids: dict[str, int] = {}
        self._are_own = bytearray()  # by word: 1 if it is of this part
        self._full_at, self._postings = FIRST_TEXTS, Postings(FIRST_TEXTS)

    def number_words(self, words: Iterable[str]) -> list[int]:
        """The numbers of words, in their order."""
        return [self._number_of(word) for word in words]

    def find(self, words: Sequence[int]) -> Iterator[SimilarText]:
        """The texts that are similar to one, whose words are given from rare to common."""
        known, size, least = set(words), len(words), self._min_similarity
        for number in self._postings.texts_in(self._buckets(words)):
            if not are_near_in_size(size, self.size_of(number), least):
                continue
            others = self.words_of(number)
            similarity = similarity_of(known, size, others)
            if similarity >= least:
                rarest = next(word for word in others if word in known)
                yield SimilarText(number, similarity, bool(self._are_own[rarest]))

    def add(self, words: Sequence[int]) -> None:
        """Remember a text, whose number is how many there were."""
        self._keep_words(words)
        if len(self) >= self._full_at:
            self._make_anew()
        else:
            self._postings.add(len(self) - 1, self._buckets(words))

    def _number_of(self, word: str) -> int:
        number = self._word_ids.setdefault(word, len(self._are_own))
        if number == len(self._are_own):
            self._are_own.append(part_of(word, self._part_count) == self._part)
        return number

    def _buckets(self, words: Sequence[int]) -> Iterator[int]:
        """Where the groups of a text stand whose first word is of this part."""
        size, mask, are_own = len(words), self._postings.mask, self._are_own
        least = least_shared(size, self._min_similarity)
        for together in range(min(least, TOGETHER), TOGETHER + 1):
            count = max(0, size - max(least, together) + together)
            for place in range(count - together + 1):
                if are_own[words[place]]:
                    for others in combinations(words[place + 1 : count], together - 1):
                        yield hash((words[place], *others)) & mask

    def _make_anew(self) -> None:
        self._full_at = GROWTH * len(self)
        self._postings = Postings(self._full_at)
        for text in range(len(self)):
            self._postings.add(text, self._buckets(self.words_of(text)))
