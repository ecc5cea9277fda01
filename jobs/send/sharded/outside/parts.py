"""Sealed parts: what a segment's files have gained, as one object that is written once."""

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

import orjson

from engine.errors import DamagedLogError

_PART = re.compile(r"(\d{5})-(\d{8})")
_OWNER = re.compile(r"(\d{5})-owner")


class Piece(NamedTuple):
    """Whole lines of a file of a segment, which follow those that earlier parts have of it."""

    name: str
    lines: bytes


class SegmentPart(NamedTuple):
    """Which part of which segment of a shard: `seq` counts from 1 on."""

    epoch: int
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch:05}-{self.seq:08}"


def owner_name(epoch: int) -> str:
    """The object of a shard that says who writes its segment: who made it."""
    return f"{epoch:05}-owner"


def part_names(names: Iterable[str]) -> list[SegmentPart]:
    """The parts among the objects of a shard, in order."""
    found = (_PART.fullmatch(name.rpartition("/")[2]) for name in names)
    return sorted(SegmentPart(int(each[1]), int(each[2])) for each in found if each)


def epochs_in(names: Iterable[str]) -> list[int]:
    """The epochs that have begun among the objects of a shard, in order."""
    found = (_OWNER.fullmatch(name.rpartition("/")[2]) for name in names)
    return sorted(int(each[1]) for each in found if each)


def encode_part(pieces: Sequence[Piece]) -> bytes:
    """A part: a line that says what it holds, then all of it."""
    head = orjson.dumps({"files": [[piece.name, len(piece.lines)] for piece in pieces]})
    return b"\n".join([head, b"".join(piece.lines for piece in pieces)])


def decode_part(data: bytes, what: str) -> list[Piece]:
    """The pieces of a part, which is called `what` in messages.

    Raises:
        DamagedLogError: it is none of ours, or not whole.
    """
    head, _, rest = data.partition(b"\n")
    pieces, start = list[Piece](), 0
    try:
        for name, size in orjson.loads(head)["files"]:
            pieces.append(Piece(checked_name(name), rest[start : start + size]))
            start += size
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise _damaged(what, f"its first line is none of ours ({error})") from error
    if start != len(rest):
        raise _damaged(what, f"{start} bytes should follow its first line, and {len(rest)} do")
    return pieces


def missing_part(what: str) -> DamagedLogError:
    """The error for a part that is not there, though a later one is."""
    return _damaged(what, "it is missing, though later ones are there")


def checked_name(name: str) -> str:
    """A name that leads to nowhere but into the folder of the segment, or of the run.

    Raises:
        ValueError: it leads elsewhere.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.name:
        raise ValueError(f"{name!r} is no file of a segment")
    return name


def _damaged(what: str, why: str) -> DamagedLogError:
    return DamagedLogError(
        f"{what}: this part of a segment is damaged: {why}. Nothing is repaired by guessing: "
        "restore it, or remove the whole shard there if its work may be done (and paid) again"
    )
