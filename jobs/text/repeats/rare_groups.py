"""An index of texts by groups of their rarest words, and the words, four bytes each."""

from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

TOGETHER = 3  # words of a group
FIRST_TEXTS = 1_024
GROWTH = 4  # times as many texts until the words are ranked anew
POSTINGS_PER_TEXT = 8  # about, for which there are buckets


class TextWords:
    """Sets of words by the number of their text: how many there were before it."""

    def __init__(self) -> None:
        self._words = array("I")  # of all texts, one after the other
        self._ends = array("Q", [0])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def words_of(self, text: int) -> Sequence[int]:
        """The words of a text."""
        return self._words[self._ends[text] : self._ends[text + 1]]

    def size_of(self, text: int) -> int:
        """How many words a text has."""
        return self._ends[text + 1] - self._ends[text]

    def _keep_words(self, words: Sequence[int]) -> None:
        self._words.extend(words)
        self._ends.append(len(self._words))


class Postings:
    """The texts that stand in each bucket of a hash table, four bytes for each and its follower."""

    def __init__(self, text_count: int) -> None:
        """Empty, with buckets for about so many texts."""
        self.mask = (1 << (POSTINGS_PER_TEXT * text_count).bit_length()) - 1
        self._heads = array("I", bytes(4 * (self.mask + 1)))
        self._following = array("I", [0])  # 0: there is none
        self._owners = array("I", [0])

    def add(self, text: int, buckets: Iterable[int]) -> None:
        """Put a text into some buckets."""
        heads, following, owners = self._heads, self._following, self._owners
        for bucket in buckets:
            following.append(heads[bucket])
            heads[bucket] = len(owners)
            owners.append(text)

    def texts_in(self, buckets: Iterable[int]) -> set[int]:
        """The texts that stand in any of some buckets."""
        found: set[int] = set()
        heads, following, owners = self._heads, self._following, self._owners
        for bucket in buckets:
            posting = heads[bucket]
            while posting:
                found.add(owners[posting])
                posting = following[posting]
        return found


class RareGroups(TextWords):
    """Finds the texts that may share as many words as similar ones do; some that do not, too.

    Two similar sets of words share `least(size)` of either, at least. Whatever the order of words,
    the first three that they share are among the first `size - least + 3` of both (prefix
    filtering, Chaudhuri et al. 2006); where they may share fewer, groups of fewer words are
    kept too. The order is by how rare words are, so that few texts share a group; it is made anew
    whenever there are four times as many texts. A text costs about 200 bytes.
    """

    def __init__(self, least: Callable[[int], int]) -> None:
        super().__init__()
        self._least = least
        self._counts = array("I")  # how many texts have each word
        self._ranks: list[int] = []  # of words: the lower, the rarer
        self._full_at, self._postings = FIRST_TEXTS, Postings(FIRST_TEXTS)

    def add(self, words: Sequence[int]) -> None:
        """Remember a text, whose number is how many there were. New words have the next numbers."""
        for word in words:
            if word >= len(self._counts):
                self._counts.append(0)
                self._ranks.append(-word)  # rarer than all before
            self._counts[word] += 1
        self._keep_words(words)
        if len(self) >= self._full_at:
            self._rank_anew()
        else:
            self._post(len(self) - 1, words)

    def find(self, words: Sequence[int], size: int) -> set[int]:
        """The texts that may be similar to one of `size` words, of which `words` are known."""
        return self._postings.texts_in(self._buckets(words, size))

    def _buckets(self, words: Sequence[int], size: int) -> Iterable[int]:
        """Where groups of a text's rarest words stand. Unknown words are rarer than all others."""
        least, mask = self._least(size), self._postings.mask
        rarest = sorted(words, key=self._ranks.__getitem__)
        buckets: list[int] = []
        for together in range(min(least, TOGETHER), TOGETHER + 1):
            count = max(0, len(words) - max(least, together) + together)
            groups = combinations(rarest[:count], together)
            buckets += [hash(group) & mask for group in groups]  # of numbers: always the same
        return buckets

    def _post(self, text: int, words: Sequence[int]) -> None:
        self._postings.add(text, self._buckets(words, len(words)))

    def _rank_anew(self) -> None:
        by_rarity = sorted(range(len(self._counts)), key=self._counts.__getitem__)
        for rank, word in enumerate(by_rarity):
            self._ranks[word] = rank
        self._full_at = GROWTH * len(self)
        self._postings = Postings(self._full_at)
        for text in range(len(self)):
            self._post(text, self.words_of(text))
