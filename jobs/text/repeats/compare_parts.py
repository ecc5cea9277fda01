"""Compares the texts of one part with those before them, for who then decides which ones stay.

Which texts stay is decided one after the other, by all parts together. So here each text is held
against all that came before, whether they stay or not, but for those of which it is as good as
certain that they do not: these are left out, and whoever decides is told which they are.
"""

from array import array
from collections.abc import Callable
from typing import NamedTuple

from jobs.text.repeats.word_parts import SimilarText, WordPart

MOST_ALIKE = 32  # earlier ones that a text is like: it is left out, as one of them will stay


class OrderedText(NamedTuple):
    """A text to be compared, by its place among all, with its words from rare to common."""

    number: int
    item_id: str
    text: str
    words: list[str]


class EarlierText(NamedTuple):
    """One that a text repeats; or one that it is like in words: then it is not sure."""

    number: int
    similarity: float
    item_id: str
    is_sure: bool


class Compared(NamedTuple):
    """The earlier texts that one repeats, the most similar first; and whether it is left out."""

    earlier: list[EarlierText]
    is_left_out: bool


class PartComparison:
    """Takes the texts of a part in their order, and says which earlier ones each of them repeats.

    Pairs that another part finds are left to it. Whether two say different things takes long to
    find out, so it is not asked of what is less similar than one that stays as far as this part
    knows. A text costs about 200 bytes, its letters, and its id.
    """

    def __init__(self, part: WordPart, differ: Callable[[str, str], bool] | None) -> None:
        """`differ`: whether an earlier text and one that is alike in words say different things."""
        self._part = part
        self._differ = differ
        self._numbers = array("Q")
        self._are_kept = bytearray()  # as far as is known here
        self._texts = bytearray()  # ids and texts, one after the other
        self._ends = array("Q", [0])

    def add(self, text: OrderedText) -> Compared:
        """Hold a text against those before it; and remember it, unless it is left out.

        Left out is who has the very letters of an earlier one, or is like many.
        """
        words = self._part.number_words(text.words)
        found = sorted(self._part.find(words), key=lambda each: (-each.similarity, each.number))
        others = {each.number: self._read(each.number) for each in found if _matters(each)}
        earlier, is_kept = list[EarlierText](), True
        for number, similarity, is_own in found:
            if not is_own or (is_kept and self._differ_from(others[number].text, text.text)):
                continue
            place, item_id = self._numbers[number], others[number].item_id
            earlier.append(EarlierText(place, similarity, item_id, is_sure=is_kept))
            is_kept = is_kept and not self._are_kept[number]
        is_copy = any(other.text == text.text for other in others.values())
        is_left_out = is_copy or len(earlier) >= MOST_ALIKE
        if not is_left_out:
            self._remember(text, words, is_kept=is_kept)
        return Compared(earlier, is_left_out)

    def _differ_from(self, other: str, text: str) -> bool:
        return self._differ is not None and self._differ(other, text)

    def _remember(self, text: OrderedText, words: list[int], *, is_kept: bool) -> None:
        self._part.add(words)
        self._are_kept.append(is_kept)
        self._numbers.append(text.number)
        self._texts += f"{text.item_id}\n{text.text}".encode()
        self._ends.append(len(self._texts))

    def _read(self, number: int) -> "_Other":
        data = self._texts[self._ends[number] : self._ends[number + 1]]
        item_id, _, text = data.decode().partition("\n")
        return _Other(item_id, text)


class _Other(NamedTuple):
    item_id: str
    text: str


def _matters(similar: SimilarText) -> bool:
    """Whether this part finds the pair, or it may be one of copies, which all parts leave out."""
    return similar.is_own or similar.similarity == 1.0
