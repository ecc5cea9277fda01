from array import array
from collections.abc import Sequence
from typing import Any

import pytest

from engine.files.id_index import IdIndex, _Sorted

KEYS = [f'"{number}"'.encode() for number in range(400)]


def make_index(opened: Sequence[bytes], added: Sequence[bytes]) -> IdIndex:
    """Each key lies at ten times its number."""
    index = IdIndex(
        array("q", map(hash, opened)), array("q", (10 * KEYS.index(key) for key in opened))
    )
    for key in added:
        index.add(key, 10 * KEYS.index(key))
    return index


@pytest.mark.parametrize("few_keys", [0, 1_000])
@pytest.mark.parametrize("opened_count", [0, 150, 300])
def test_keys_are_found_one_by_one_and_together_wherever_they_are_kept(
    opened_count: int, few_keys: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.files.id_index.RECENT_COUNT", 16)
    monkeypatch.setattr("engine.files.id_index.FEW_KEYS", few_keys)

    index = make_index(KEYS[:opened_count], KEYS[opened_count:300])

    assert len(index) == 300
    assert [next(index.offsets(key), -1) for key in KEYS] == index.first_offsets(KEYS)
    assert index.first_offsets(KEYS) == [10 * n if n < 300 else -1 for n in range(400)]


def test_many_keys_are_added_at_once_as_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.files.id_index.RECENT_COUNT", 16)
    index = make_index(KEYS[:100], KEYS[100:150])

    for start in range(150, 300, 10):
        index.add_each(KEYS[start : start + 10], range(10 * start, 10 * start + 100, 10))
    index.add_each([KEYS[3], KEYS[3], KEYS[290]], [50_000, 60_000, 70_000])

    assert index.first_offsets(KEYS[5:290]) == [10 * number for number in range(5, 290)]
    assert sorted(index.offsets(KEYS[3])) == [30, 50_000, 60_000]
    assert sorted(index.offsets(KEYS[290])) == [2_900, 70_000]


def test_what_is_copied_for_an_added_entry_does_not_grow_with_their_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.files.id_index.RECENT_COUNT", 64)
    monkeypatch.setattr("engine.files.id_index.SORTED_PER_RECENT", 8)
    copied_count, insert, count = 0, _Sorted.insert, 10_000

    def counted(self: _Sorted, hashes: Any, offsets: Any) -> None:
        nonlocal copied_count
        insert(self, hashes, offsets)
        copied_count += len(self.hashes) if len(hashes) else 0

    monkeypatch.setattr(_Sorted, "insert", counted)
    index = IdIndex(array("q"), array("q"))

    for number in range(count):
        index.add(b'"%d"' % number, number)

    assert len(index) == count
    assert copied_count < 10 * count


def test_all_keys_with_the_same_hash_are_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.files.id_index.hash", lambda key: -1, raising=False)

    index = IdIndex(array("q", [-1, -1]), array("q", [10, 20]))
    index.add(KEYS[3], 30)
    index.add(KEYS[4], 40)

    assert sorted(index.offsets(KEYS[7])) == [10, 20, 30, 40]


def test_sorted_entries_take_sixteen_bytes() -> None:
    index = make_index(KEYS, ())

    assert index.size_bytes == 16 * len(KEYS)
