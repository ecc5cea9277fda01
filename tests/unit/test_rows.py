"""A table is tried row by row, and a row that fails is told."""

from pathlib import Path

import pytest

from tests.rows import each_row


def test_every_row_is_tried_in_order() -> None:
    seen: list[tuple[int, str]] = []

    @each_row("number, word", [(1, "one"), (2, "two")])
    def check(number: int, word: str) -> None:
        seen.append((number, word))

    check()

    assert seen == [(1, "one"), (2, "two")]


def test_row_that_fails_is_told_with_its_number_and_values() -> None:
    @each_row("number", [1, 3, 5])
    def check(number: int) -> None:
        assert number < 3

    with pytest.raises(AssertionError) as failed:
        check()

    assert failed.value.__notes__ == ["row 2: {'number': 3}"]


def test_tables_above_each_other_are_tried_in_all_pairs_each_in_a_folder_of_its_own(
    tmp_path: Path,
) -> None:
    seen: list[tuple[int, str]] = []
    folders: set[Path] = set()

    @each_row("number", [1, 2])
    @each_row("word", ["one", "two"])
    def check(tmp_path: Path, number: int, word: str) -> None:
        seen.append((number, word))
        folders.add(tmp_path)
        assert list(tmp_path.iterdir()) == []

    check(tmp_path=tmp_path)

    assert seen == [(1, "one"), (1, "two"), (2, "one"), (2, "two")]
    assert len(folders) == 4


async def test_row_of_a_coroutine_that_fails_is_told_too() -> None:
    @each_row("number", [1, 3])
    async def check(number: int) -> None:
        assert number < 3

    with pytest.raises(AssertionError) as failed:
        await check()

    assert failed.value.__notes__ == ["row 2: {'number': 3}"]


def test_row_of_another_length_and_a_table_without_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="longer"):
        each_row("number, word", [(1, "one", "more")])
    with pytest.raises(AssertionError, match="without rows"):
        each_row("number", [])
