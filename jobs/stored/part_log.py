"""The parts of a run in its store: one after the other, and merged so that they stay few."""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple, TypeVar

from engine.errors import ConfigError, DamagedLogError, TransientError
from jobs.send.sharded.outside.parts import missing_part
from jobs.send.sharded.outside.stores import Store
from jobs.stored.parts import OBJECTS, Part, decode, encode, merge

PARTS = "parts/"
FAN_IN = 8  # parts that are merged into one of the next generation
MERGED_BYTES = 16 << 20  # larger ones are not made: they would be copied again and again
TRIES = 5
_NAME = re.compile(r"parts/(\d{8})-(\d)")

T = TypeVar("T")

_log = logging.getLogger(__name__)


class PartName(NamedTuple):
    """A part, counted from 1 on; of a generation above 0 it stands for so many that follow."""

    first: int
    generation: int = 0

    def __str__(self) -> str:
        return f"{PARTS}{self.first:08}-{self.generation}"

    @property
    def last(self) -> int:
        """The last part that it stands for."""
        return int(self.first + FAN_IN**self.generation - 1)

    def children(self) -> "list[PartName]":
        """Those that it is merged of."""
        span = FAN_IN ** (self.generation - 1)
        return [PartName(self.first + n * span, self.generation - 1) for n in range(FAN_IN)]


class NamedPart(NamedTuple):
    """A part, and what it is called."""

    name: PartName
    part: Part


class VanishedError(DamagedLogError):
    """An object is gone: another has taken its place since it was looked for, or it is lost."""


def read_through(reading: Callable[[], T]) -> T:
    """What `reading` parts comes to; it begins again where parts were merged meanwhile.

    Raises:
        VanishedError: one is missing all the same. And what `reading` raises.
    """
    for _ in range(TRIES - 1):
        with suppress(VanishedError):
            return reading()
    return reading()


class PartLog:
    """What was sealed of one run. Of several that write the next part one succeeds.

    Whoever writes a part of its own into the log has a place in it that no other can have: so it
    is noticed by all that have written before, at their next part.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sizes: dict[PartName, int] = {}

    def names(self) -> list[PartName]:
        """All parts that there are, in order, also those that others stand for."""
        found = (_NAME.fullmatch(name) for name in self._store.names(PARTS))
        return sorted(PartName(int(each[1]), int(each[2])) for each in found if each)

    def last(self) -> int:
        """The number of the last part; 0: there is none."""
        return max((name.last for name in self.names()), default=0)

    def is_last(self, number: int) -> bool:
        """Whether a part of that number, which was just written, is the last in fact.

        Another may have written it before, and later ones, and merged them: then it was free.
        """
        names = self.names()
        is_merged = any(n.generation and n.first <= number <= n.last for n in names)
        return not is_merged and max((n.last for n in names), default=0) == number

    def put(self, number: int, part: Part) -> bool:
        """Write a part; False: there is another of that number already."""
        data = encode(part)
        self._sizes[PartName(number)] = len(data)
        return self._store.put_new(str(PartName(number)), data)

    def has(self, number: int) -> bool:
        """Whether there is a part of that number, not merged yet."""
        return self._store.get(str(PartName(number))) is not None

    def parts(self, after: int = 0) -> Iterator[NamedPart]:
        """What stands for the parts with numbers above `after`, in order.

        Raises:
            VanishedError: one is missing, or was merged since they were listed.
            DamagedLogError: one is damaged.
            TransientError: the store does not answer.
        """
        position, names = after, self.names()
        while covering := _covering(names, position + 1):
            part = self._get(covering)
            if part is None:
                raise VanishedError(str(missing_part(str(covering))))
            yield NamedPart(covering, part)
            position = covering.last
        if any(name.first > position for name in names):
            raise VanishedError(str(missing_part(str(PartName(position + 1)))))

    def merge_ending(self, number: int) -> None:
        """Merge what is complete with the part of that number. Raises TransientError."""
        generation = 1
        while number % FAN_IN**generation == 0:
            if not self._merge(PartName(number - FAN_IN**generation + 1, generation)):
                return
            generation += 1

    def tidy(self) -> None:
        """Remove what merged parts stand for, and merge what a crash has left unmerged."""
        names = self.names()
        merged = [name for name in names if name.generation]
        for name in merged:
            held = [each for each in name.children() if each in names]
            self._remove([each for each in held if each.generation or not self._is_kept(each)])
        for number in range(FAN_IN, max((n.last for n in names), default=0) + 1, FAN_IN):
            if PartName(number) in names:
                self.merge_ending(number)

    def put_object(self, number: int, key: str, data: bytes) -> str:
        """Write what is too large for the part of that number; returns its name."""
        name = f"{OBJECTS}{number:08}-{key}"
        if not self._store.put_new(name, data):
            raise RuntimeError(f"{name}: is there already")
        return name

    def get_object(self, name: str) -> bytes:
        """What an extent refers to.

        Raises:
            VanishedError: it is gone.
        """
        data = self._store.get(name)
        if data is None:
            raise VanishedError(str(missing_part(name)))
        return data

    def remove_objects(self, names: Sequence[str]) -> None:
        """Remove objects that no part refers to."""
        self._store.remove_each(names)

    def remove_unsealed(self, number: int) -> None:
        """Remove objects of a part of that number, which was never written."""
        self._store.remove_each(self._store.names(f"{OBJECTS}{number:08}-"))

    def _merge(self, name: PartName) -> bool:
        """Put one part in the place of several, if all are there and it is not too large."""
        children = name.children()
        known = [self._sizes.get(child) for child in children]
        if sum(each or 0 for each in known) > MERGED_BYTES:
            return False
        parts, size_bytes = list[Part](), 0
        for child in children:
            part = self._get(child)
            size_bytes += self._sizes.get(child, 0)
            if part is None or size_bytes > MERGED_BYTES:
                return False
            parts.append(part)
        merged = merge(parts)
        data = encode(merged.part)
        self._store.put_new(str(name), data)
        self._sizes[name] = len(data)
        self._remove([c for c, part in zip(children, parts, strict=True) if not _stays(part)])
        self._store.remove_each(merged.unneeded)
        return True

    def _remove(self, names: Sequence[PartName]) -> None:
        self._store.remove_each(list(map(str, names)))
        for name in names:
            self._sizes.pop(name, None)

    def _is_kept(self, name: PartName) -> bool:
        part = self._get(name)
        return part is not None and _stays(part)

    def _get(self, name: PartName) -> Part | None:
        data = self._store.get(str(name))
        if data is None:
            return None
        self._sizes[name] = len(data)
        return decode(data, str(name))


def _stays(part: Part) -> bool:
    """Whether a part is left where it is, though another stands for it.

    It has the number that a session would write next which may still be at work.
    """
    return part.note.begins and not part.note.is_after_close


def _covering(names: Sequence[PartName], number: int) -> PartName | None:
    """The part that stands for that number and for most others; None: there is none."""
    found = (name for name in names if name.first <= number <= name.last)
    return max(found, key=lambda name: name.generation, default=None)


def merge_if_possible(log: PartLog, number: int) -> None:
    """Merge what is complete with the part of that number, which is stored in any case.

    What cannot be merged now is merged by a later session.
    """
    try:
        log.merge_ending(number)
    except (TransientError, ConfigError, DamagedLogError) as error:
        _log.warning("parts of the run cannot be merged in its store: %s", error)
