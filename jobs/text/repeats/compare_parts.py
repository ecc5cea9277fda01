"""Compares the texts of one part with those before them, for who then decides which ones stay.

Which texts stay is decided one after the other, by all parts together. So here each text is held
against all that came before, whether they stay or not, but for those of which it is as good as
certain that they do not: these are left out, and whoever decides is told which they are.
"""

from array import array
from collections.abc import Callable
from typing import NamedTuple

from jobs.text.repeats.word_parts import WordPart

MOST_ALIKE = 32  # earlier ones that a text repeats: it is left out, as one of them will stay


class OrderedText(NamedTuple):
    """A text to be compared, by its place among all, with its words from rare to common."""

    number: int
    item_id: str
    text: str
    words: list[str]


class EarlierText(NamedTuple):
    """One that a text repeats."""

    number: int
    similarity: float
    item_id: str


class Compared(NamedTuple):
    """The earlier texts that one repeats; and whether later ones are held against it."""

    earlier: list[EarlierText]
    is_left_out: bool


class PartComparison:
    """Takes the texts of a part in their order, and says which earlier ones each of them repeats.

    Pairs that another part finds are left to it. A text costs about 200 bytes, its letters, and its
    id.
    """

    def __init__(self, part: WordPart, differ: Callable[[str, str], bool] | None) -> None:
        """`differ`: whether an earlier text and one that is alike in words say different things."""
        self._part = part
        self._differ = differ
        self._numbers = array("Q")
        self._texts = bytearray()  # ids and texts, one after the other
        self._ends = array("Q", [0])

    def add(self, text: OrderedText) -> Compared:
        """Hold a text against those before it; and remember it, unless it is left out.

        Left out is who has the very letters of an earlier one, or repeats many.
        """
        words = self._part.number_words(text.words)
        earlier, is_copy = list[EarlierText](), False
        for similar in self._part.find(words):
            if not similar.is_own and similar.similarity < 1.0:
                continue
            item_id, other = self._read(similar.number)
            is_copy = is_copy or other == text.text
            if similar.is_own and not (self._differ and self._differ(other, text.text)):
                number = self._numbers[similar.number]
                earlier.append(EarlierText(number, similar.similarity, item_id))
        is_left_out = is_copy or len(earlier) >= MOST_ALIKE
        if not is_left_out:
            self._remember(text, words)
        return Compared(earlier, is_left_out)

    def _remember(self, text: OrderedText, words: list[int]) -> None:
        self._part.add(words)
        self._numbers.append(text.number)
        self._texts += f"{text.item_id}\n{text.text}".encode()
        self._ends.append(len(self._texts))

    def _read(self, place: int) -> tuple[str, str]:
        data = self._texts[self._ends[place] : self._ends[place + 1]]
        item_id, _, text = data.decode().partition("\n")
        return item_id, text
