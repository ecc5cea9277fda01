"""Says of questions, one after the other, which earlier one that was kept each of them repeats."""

from typing import NamedTuple, Protocol

import orjson

from engine.errors import DamagedLogError
from engine.files.records import RecordLog
from jobs.dataset.repeats.compare_texts import PartRepeats
from jobs.dataset.repeats.sort_words import part_texts_id
from jobs.text.repeats.compare_parts import EarlierText
from jobs.text.repeats.near_duplicates import Match, NearDuplicates


class Repeats(Protocol):
    """What is kept, and which of it another text repeats. Texts come in one order."""

    def find(self, item_id: str, text: str) -> Match | None:
        """The kept one that a text repeats: the most similar, of several the earliest."""
        ...

    def remember(self, item_id: str, text: str) -> None:
        """Keep a text: the one that was looked for last, or the next."""
        ...


def is_new_text(seen: Repeats, item_id: str, text: str) -> bool:
    """Whether a text repeats none that is kept; then it is kept."""
    if seen.find(item_id, text) is not None:
        return False
    seen.remember(item_id, text)
    return True


class ComparedHere(NamedTuple):
    """By an index of all that is kept."""

    seen: NearDuplicates

    def find(self, item_id: str, text: str) -> Match | None:
        """As Repeats.find."""
        return self.seen.find(text)

    def remember(self, item_id: str, text: str) -> None:
        """As Repeats.remember."""
        self.seen.remember(item_id, text)


class Division(NamedTuple):
    """Into how many parts texts are divided, and into slices of how many."""

    slice_texts: int
    part_count: int


class _Slice(NamedTuple):
    """What was found of the texts of a slice: of which by its id, by number."""

    repeats: dict[int, tuple[str, list[EarlierText]]]
    left_out: set[int]


class ComparedElsewhere:
    """By what workers have found of all texts, kept or not. Memory: a byte a text, and a slice.

    What they have left out hardly ever stays; where it does, later ones are held against it here.
    """

    def __init__(
        self, found: RecordLog[PartRepeats], division: Division, seen: NearDuplicates
    ) -> None:
        """`seen` is empty, and compares as the workers do."""
        self._found = found
        self._division = division
        self._seen = seen
        self._seen_numbers: dict[str, int] = {}
        self._are_kept = bytearray()
        self._number, self._item_id = -1, ""
        self._slice = _Slice({}, set())

    def find(self, item_id: str, text: str) -> Match | None:
        """As Repeats.find; raises DamagedLogError where files are not those that were compared."""
        self._go_to(item_id)
        own_id, earlier = self._slice.repeats.get(self._number, (item_id, []))
        if own_id != item_id:
            raise DamagedLogError(f"{self._found.path}: is about other questions: remove it")
        kept = [each for each in earlier if self._are_kept[each.number]]
        if (match := self._seen.find(text) if self._seen_numbers else None) is not None:
            number = self._seen_numbers[match.item_id]
            kept.append(EarlierText(number, match.similarity, match.item_id, is_sure=True))
        for each in sorted(kept, key=lambda each: (-each.similarity, each.number)):
            if each.is_sure or not self._seen.differ(each.item_id, text):
                return Match(each.item_id, each.similarity)
        return None

    def remember(self, item_id: str, text: str) -> None:
        """As Repeats.remember."""
        if item_id != self._item_id:
            self._go_to(item_id)
        self._are_kept[self._number] = True
        if self._number in self._slice.left_out:
            self._seen.remember(item_id, text)
            self._seen_numbers[item_id] = self._number

    def _go_to(self, item_id: str) -> None:
        """Go to the next text."""
        self._number, self._item_id = self._number + 1, item_id
        slice_number, place = divmod(self._number, self._division.slice_texts)
        if place == 0:
            self._slice = self._read(slice_number)
            self._are_kept += bytes(self._division.slice_texts)

    def _read(self, slice_number: int) -> _Slice:
        read = _Slice({}, set())
        for part in range(self._division.part_count):
            repeats, left_out = orjson.loads(
                self._found.require(part_texts_id(slice_number, part)).packed
            )
            read.left_out.update(left_out)
            for number, item_id, earlier in repeats:
                _, known = read.repeats.setdefault(number, (item_id, []))
                known += [EarlierText(*each) for each in earlier]
        return read
