"""Finds the lines of a log and their ids without parsing them, and what cannot be such a line."""

from __future__ import annotations  # array[int] is not subscriptable before Python 3.12

from array import array
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from engine.files.jsonl_lines import damaged_line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SMALL_BYTES = 1 << 22  # below it numpy's import takes longer than it saves
BLOCK_BYTES = 1 << 20  # each block costs some calls of numpy besides its bytes

MAX_LIKE_WIDTH = 256  # of ids that are looked at together

_QUOTE, _NEWLINE = b'"', b"\n"
_BACKSLASH, _CLOSING_BRACE = ord("\\"), ord("}")
_FIRST_PRINTABLE, _TAB = ord(" "), ord("\t")
_CONTROLS = bytes(set(range(_FIRST_PRINTABLE)) - {_TAB})  # within JSON they are escaped
_BEFORE_A_VALUE = b":,[ \t"  # what an object within a line can follow


class ScannedLines(NamedTuple):
    """The whole lines of a log: a hash of each id, each line's offset, and where the last ends."""

    hashes: array[int]
    offsets: array[int]
    end: int


def scan_lines(path: Path, prefix: bytes) -> ScannedLines:
    """Find the ids of a log's whole lines without parsing what follows them.

    Its time is about that of reading the file: a journal has millions of lines.

    Raises:
        DamagedLogError: a line does not begin with `prefix` and an id or does not end with `}`,
            holds a byte that no text has (a control character, no UTF-8), or a second line begins
            in it. A letter that became another one is not seen: that takes a parser.
    """
    found = ScannedLines(array("q"), array("q"), 0)
    size_bytes = path.stat().st_size
    if not size_bytes:  # most logs of a run that begins
        return found
    is_large = size_bytes > SMALL_BYTES
    begun: list[bytes] = []  # the parts of a line whose end was not read yet
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK_BYTES):
            begun.append(block)
            if _NEWLINE not in block:
                continue
            block = b"".join(begun)
            end = block.rfind(_NEWLINE) + 1
            if not (is_large and _take_fast(block, end, prefix, found)):
                _take_carefully(block, end, prefix, found, path)
            found = found._replace(end=found.end + end)
            begun = [block[end:]]
    return found


class KeyedLines(NamedTuple):
    """Whole lines as they lie in a file; each with its id as it stands there, and its size."""

    data: bytes
    keys: list[bytes]
    sizes: list[int]


def find_keys(data: bytes, prefix: bytes) -> KeyedLines | None:
    """The ids of whole lines of a log; None if one is unusual, and has to be looked at alone."""
    import numpy as np

    if (found := _find_fast(data, len(data), prefix)) is None:
        return None
    starts, keys = found
    return KeyedLines(data, keys, np.diff(starts, append=len(data)).tolist())


def _take_fast(block: bytes, end: int, prefix: bytes, found: ScannedLines) -> bool:
    """Take all lines up to `end` at once; False, and nothing taken, if one of them is unusual."""
    if (at_once := _find_fast(block, end, prefix)) is None:
        return False
    found.hashes.extend(map(hash, at_once.keys))
    found.offsets.extend((at_once.starts + found.end).tolist())
    return True


class _FoundLines(NamedTuple):
    starts: NDArray[np.int64]
    keys: list[bytes]


def _find_fast(block: bytes, end: int, prefix: bytes) -> _FoundLines | None:
    """All lines up to `end`, looked at together; None if one of them is unusual."""
    import numpy as np

    view = np.frombuffer(block, np.uint8, end)
    ends = _newlines_of_text(block, view)
    if ends is None:
        return None
    starts = np.concatenate(([0], ends[:-1] + 1))
    head = np.frombuffer(prefix + _QUOTE, np.uint8)
    if (
        (ends - starts <= len(head)).any()
        or not (view[ends - 1] == _CLOSING_BRACE).all()
        or not (view[starts[:, None] + np.arange(len(head))] == head).all()
        or _holds_more_heads(view, head, len(starts))
    ):
        return None
    keys = _keys_at(block, view, starts + len(prefix), ends)
    return None if keys is None else _FoundLines(starts, keys)


def _newlines(block: bytes, end: int) -> list[int]:
    places, place, find = [], -1, block.find
    while (place := find(_NEWLINE, place + 1, end)) >= 0:
        places.append(place)
    return places


def _newlines_of_text(block: bytes, view: NDArray[np.uint8]) -> NDArray[np.int64] | None:
    """Where lines end; None if one holds control characters other than tabs, or no UTF-8."""
    import numpy as np

    unusual = np.flatnonzero(view.view(np.int8) < _FIRST_PRINTABLE)  # what is not ASCII is negative
    if (view[unusual] == ord(_NEWLINE)).all():
        return unusual
    controls = view[unusual[view[unusual] < _FIRST_PRINTABLE]]
    has_others = ((controls != ord(_NEWLINE)) & (controls != _TAB)).any()
    if has_others or not _is_utf8(block[: len(view)]):
        return None
    return np.array(_newlines(block, len(view)), np.int64)


def _holds_more_heads(view: NDArray[np.uint8], head: NDArray[np.uint8], line_count: int) -> bool:
    """Whether what each line begins with stands elsewhere too: a second line within one."""
    import numpy as np

    places = np.flatnonzero(view[: len(view) - len(head)] == head[0])
    for offset, byte in enumerate(head.tolist()[1:], start=1):
        if len(places) == line_count:  # those of the lines themselves
            return False
        places = places[view[places + offset] == byte]
    return len(places) > line_count


def _keys_at(
    block: bytes, view: NDArray[np.uint8], id_starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> list[bytes] | None:
    """The ids with their quotes; None if one is not plain."""
    import numpy as np

    places = id_starts.tolist()
    width = block.find(_QUOTE, places[0] + 1) + 1 - places[0]
    if 0 < width <= MAX_LIKE_WIDTH and (id_starts + width < ends).all():
        ids = view[id_starts[:, None] + np.arange(width)]
        are_quotes = ids == ord(_QUOTE)
        if are_quotes[:, -1].all() and are_quotes.sum() == 2 * len(ids):  # most logs' ids are alike
            return None if (ids == _BACKSLASH).any() else _slices(block, places, width)
    keys = [block[place : block.find(_QUOTE, place + 1) + 1] for place in places]
    limits = (ends - id_starts).tolist()
    if any(not 0 < len(key) < most for key, most in zip(keys, limits, strict=True)):
        return None
    return None if any(b"\\" in key for key in keys) else keys


def _slices(block: bytes, places: list[int], width: int) -> list[bytes]:
    return [block[place : place + width] for place in places]


def _take_carefully(block: bytes, end: int, prefix: bytes, found: ScannedLines, path: Path) -> None:
    """Take the lines up to `end` one by one.

    Raises:
        DamagedLogError: the first that is not one of ours.
    """
    position = 0
    while position < end:
        newline = block.index(_NEWLINE, position)
        line = block[position:newline]
        key = _key_of(line, prefix)
        if not key:
            raise damaged_line(path, len(found.offsets) + 1, f"found {line[:60]!r}")
        if line.translate(None, _CONTROLS) != line or not _is_utf8(line):
            raise damaged_line(path, len(found.offsets) + 1, "it holds bytes that no text has")
        if _holds_second(line, prefix + _QUOTE):
            raise damaged_line(path, len(found.offsets) + 1, "a second line begins within it")
        found.hashes.append(hash(key))
        found.offsets.append(found.end + position)
        position = newline + 1


def _key_of(line: bytes, prefix: bytes) -> bytes:
    """The id of a line with its quotes; nothing if it is not one of ours."""
    if not line.startswith(prefix + _QUOTE) or line[-1] != _CLOSING_BRACE:
        return b""
    start = len(prefix)
    id_end = line.find(_QUOTE, start + 1) + 1
    if id_end and line[id_end - 2] == _BACKSLASH:
        id_end = _end_of_string(line, start)
    return line[start:id_end]


def _holds_second(line: bytes, head: bytes) -> bool:
    """Whether another line begins within it, rather than an object that is part of it."""
    place = line.find(head, 1)
    while place >= 0:
        if line[place - 1] not in _BEFORE_A_VALUE:
            return True
        place = line.find(head, place + 1)
    return False


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _end_of_string(line: bytes, start: int) -> int:
    position = start + 1
    while 0 <= position < len(line):
        if line[position] == _BACKSLASH:
            position += 2
        elif line[position : position + 1] == _QUOTE:
            return position + 1
        else:
            position += 1
    return 0
