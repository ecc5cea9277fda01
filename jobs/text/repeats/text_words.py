"""The words of many texts, as numbers, with four bytes of memory a word."""

from array import array
from collections.abc import Sequence


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
