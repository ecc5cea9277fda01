from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import accumulate
from pathlib import Path

import orjson
import pytest

from engine.errors import DamagedLogError
from engine.files import line_scan
from engine.files.jsonl_lines import id_key, line_prefix
from engine.files.line_scan import find_keys, scan_lines
from tests.rows import each_row

PREFIX = line_prefix("custom_id")
Damage = Callable[[bytes, bytes], list[bytes]]
NO_TEXT = "it holds bytes that no text has"
COUNT = 100  # lines of 1.5 KB


@contextmanager
def scanning(*, at_once: bool) -> Iterator[None]:
    """Lines are looked at one by one, or, as in a large log, those of each block at once."""
    with pytest.MonkeyPatch.context() as patch:
        if at_once:
            patch.setattr(line_scan, "SMALL_BYTES", 0)
            patch.setattr(line_scan, "BLOCK_BYTES", 1 << 15)
        yield


def line(custom_id: str, text: str = "x" * 1_500) -> bytes:
    return orjson.dumps({"custom_id": custom_id, "response": {"body": {"content": text}}})


def write(path: Path, lines: list[bytes]) -> None:
    path.write_bytes(b"".join(one + b"\n" for one in lines))


def many(count: int) -> list[bytes]:
    return list(_made(count))


@cache
def _made(count: int) -> tuple[bytes, ...]:
    return tuple(line(f"q-{number:06}") for number in range(count))


@each_row("at_once", [False, True])
@each_row("name", ["{:06}", "{}", 'a "quoted" {}', "ä{}", "{}\\"])
def test_every_line_is_found_by_its_id(tmp_path: Path, name: str, *, at_once: bool) -> None:
    path = tmp_path / "log.jsonl"
    ids = [name.format(number) for number in range(COUNT)]
    lines = [line(custom_id) for custom_id in ids]
    write(path, lines)

    with scanning(at_once=at_once):
        found = scan_lines(path, PREFIX)

    starts = list(accumulate((len(one) + 1 for one in lines), initial=0))[:-1]
    assert found.hashes == array("q", [hash(id_key(custom_id)) for custom_id in ids])
    assert found.offsets == array("q", starts)
    assert found.end == path.stat().st_size


@each_row("at_once", [False, True])
@each_row(
    "damage, why",
    [
        (lambda one, two: [one + two], "a second line begins within it"),
        (lambda one, two: [one[:-9] + b"\0" * 30 + two[21:]], NO_TEXT),
        (lambda one, two: [one + b"\0" + two], NO_TEXT),
        (
            lambda one, two: [one[:900] + b"\x01" + one[901:], two],
            NO_TEXT,
        ),
        (
            lambda one, two: [one[:900] + b"\xff" + one[901:], two],
            NO_TEXT,
        ),
        (lambda one, two: [one[:900] + two], "a second line begins within it"),
        (lambda one, two: [b"\0" * 40, two], "found"),
        (lambda one, two: [one[:-3], two], "found"),
        (lambda one, two: [one, b"", two], "found"),
        (lambda one, two: [one, b'{"id":"q-3"}', two], "found"),
        (lambda one, two: [one, b'{"custom_id":3}', two], "found"),
        (lambda one, two: [one, b'{"custom_id":"q-3}', two], "found"),
    ],
)
def test_damage_in_the_middle_is_found_with_its_line(
    tmp_path: Path, damage: Damage, why: str, *, at_once: bool
) -> None:
    path = tmp_path / "log.jsonl"
    lines = many(COUNT)
    lines[2:4] = damage(lines[2], lines[3])
    write(path, lines)

    where = r"log\.jsonl:[34]: this line is damaged: "
    with scanning(at_once=at_once), pytest.raises(DamagedLogError, match=where + why):
        scan_lines(path, PREFIX)


def test_a_line_that_begins_in_the_middle_of_another_is_found(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    one, two, *rest = many(5)
    write(path, [one[:-9] + two, *rest])

    with pytest.raises(DamagedLogError, match=r":1: .*a second line begins within it"):
        scan_lines(path, PREFIX)


@each_row("at_once", [False, True])
def test_what_looks_like_a_second_line_but_is_part_of_the_first_is_no_damage(
    tmp_path: Path, *, at_once: bool
) -> None:
    path = tmp_path / "log.jsonl"
    inner = orjson.dumps({"custom_id": "b", "echo": [{"custom_id": "c"}]})
    quoted = line("quoted", f"text }}{{ {inner.decode()}")
    nested = b'{"custom_id":"nested","body":%b}' % inner
    indented = b'{"custom_id":"tabs",\t"body":\t"\xc3\xa4"}'
    write(path, [quoted, nested, indented, *many(COUNT)])

    with scanning(at_once=at_once):
        assert len(scan_lines(path, PREFIX).hashes) == COUNT + 3


def test_a_line_is_found_whole_wherever_blocks_end(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    lines = [line(str(size), "y" * size) for size in (1, line_scan.BLOCK_BYTES * 3, 2, 70_000, 3)]
    write(path, lines * 2)
    with path.open("ab") as file:
        file.write(b'{"custom_id":"torn')

    found = scan_lines(path, PREFIX)

    assert path.stat().st_size > line_scan.SMALL_BYTES
    assert len(found.hashes) == 10
    assert found.end == path.stat().st_size - len(b'{"custom_id":"torn')


@each_row("name", ["{:06}", "{}", "ä{}"])
def test_lines_that_are_looked_at_together_are_told_by_their_ids_and_sizes(name: str) -> None:
    ids = [name.format(number) for number in range(50)]
    lines = [line(custom_id, "x" * len(custom_id)) + b"\n" for custom_id in ids]

    found = find_keys(b"".join(lines), PREFIX)

    assert found is not None
    assert found.keys == [id_key(custom_id) for custom_id in ids]
    assert found.sizes == [len(each) for each in lines]
    assert found.data == b"".join(lines)


@each_row("unusual", [line('a "quoted" id'), b'{"other":1}', line("a")[:-1] + b"\0}"])
def test_lines_one_of_which_is_unusual_are_not_looked_at_together(unusual: bytes) -> None:
    assert find_keys(b"\n".join([line("1"), unusual, line("2"), b""]), PREFIX) is None
