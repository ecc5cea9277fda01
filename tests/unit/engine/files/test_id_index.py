from array import array
from collections.abc import Sequence

import pytest

from engine.files.id_index import IdIndex

KEYS = [f'"{number}"'.encode() for number in range(400)]


def make_index(opened: Sequence[bytes], added: Sequence[bytes]) -> IdIndex:
    """Each key lies at ten times its number."""
    index = IdIndex(
        array("q", map(hash, opened)), array("q", (10 * KEYS.index(key) for key in opened))
    )
    for key in added:
        index.add(key, 10 * KEYS.index(key))
    return index


@pytest.mark.parametrize("opened_count", [0, 150, 300])
def test_keys_are_found_one_by_one_and_together_wherever_they_are_kept(
    opened_count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.files.id_index.RECENT_COUNT", 16)

    index = make_index(KEYS[:opened_count], KEYS[opened_count:300])

    assert len(index) == 300
    assert [next(index.offsets(key), -1) for key in KEYS] == index.first_offsets(KEYS)
    assert index.first_offsets(KEYS) == [10 * n if n < 300 else -1 for n in range(400)]


def test_all_keys_with_the_same_hash_are_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.files.id_index.hash", lambda key: -1, raising=False)

    index = IdIndex(array("q", [-1, -1]), array("q", [10, 20]))
    index.add(KEYS[3], 30)
    index.add(KEYS[4], 40)

    assert sorted(index.offsets(KEYS[7])) == [10, 20, 30, 40]


def test_sorted_entries_take_sixteen_bytes() -> None:
    index = make_index(KEYS, ())

    assert index.size_bytes == 16 * len(KEYS)
