"""What a stage keeps on disk, and what of it is noticed when it is missing."""

from pathlib import Path

import pytest

from engine.ask import Ask
from engine.errors import (
    DamagedLogError,
)
from engine.files.records import read_records
from engine.run_folder import RunFolder
from engine.stage import FinishedItem
from engine.testing.stage_parts import FakeLane
from schemas.dataset import Rejection
from tests.rows import each_row
from tests.unit.engine.staged_items import (
    Item,
    Result,
    make_items,
    pass_over,
    result_ids,
)


async def test_item_whose_finished_line_was_lost_is_redone_without_doubles(tmp_path: Path) -> None:
    await pass_over(tmp_path, FakeLane(), make_items(5))
    finished_path = RunFolder(tmp_path).finished_path("s")
    finished_path.write_bytes(b"".join(finished_path.read_bytes().splitlines(keepends=True)[:3]))
    results = RunFolder(tmp_path).results_path("s").read_bytes()
    lane = FakeLane()

    passed = await pass_over(tmp_path, lane, make_items(5))

    assert passed.finished_count == 2
    assert lane.sent == []
    assert RunFolder(tmp_path).results_path("s").read_bytes() == results
    assert sum(1 for _ in read_records(finished_path, FinishedItem)) == 5


async def test_result_that_was_removed_by_hand_is_missed(tmp_path: Path) -> None:
    await pass_over(tmp_path, FakeLane(), make_items(5))
    folder, lane = RunFolder(tmp_path), FakeLane()
    results = folder.results_path("s").read_bytes().splitlines(keepends=True)
    folder.results_path("s").write_bytes(b"".join(results[1:]))

    with pytest.raises(DamagedLogError, match=r"s\.jsonl: lines .* are missing: 1\. .*delete it"):
        await pass_over(tmp_path, lane, make_items(5))
    folder.results_path("s").unlink()
    folder.finished_path("s").unlink()
    await pass_over(tmp_path, lane, make_items(5))

    assert sorted(folder.results_path("s").read_bytes().splitlines(keepends=True)) == sorted(
        results
    )
    assert lane.sent == []


async def test_rejections_go_to_the_drop_ledger_with_their_reason(tmp_path: Path) -> None:
    async def reject(item: Item, _: Ask) -> list[Result | Rejection]:
        return [Rejection.of(item.item_id, stage="s", reason="too_short", score=1, threshold=2)]

    await pass_over(tmp_path, FakeLane(), make_items(3), work=reject)

    rejections = list(read_records(tmp_path / "rejected.jsonl", Rejection))
    assert sorted(r.item_id for r in rejections) == ["i0", "i1", "i2"]
    assert {(r.stage, r.reason, r.score, r.threshold) for r in rejections} == {
        ("s", "too_short", 1.0, 2.0)
    }


async def reject(item: Item, ask: Ask) -> list[Result | Rejection]:
    return [Rejection.of(item.item_id, stage="s", reason="poor", text='about "stage":"s"')]


@each_row("kept", [0, 2])
async def test_a_drop_ledger_that_vanished_or_was_cut_is_noticed(tmp_path: Path, kept: int) -> None:
    await pass_over(tmp_path, FakeLane(), make_items(3), work=reject)
    path = RunFolder(tmp_path).rejected_path
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:kept]))

    message = rf"rejected\.jsonl: lines of stage s .* are missing: {3 - kept}\."
    with pytest.raises(DamagedLogError, match=message):
        await pass_over(tmp_path, FakeLane(), make_items(3), work=reject)


async def test_a_copied_line_of_results_hides_none_that_is_missing(tmp_path: Path) -> None:
    await pass_over(tmp_path, FakeLane(), make_items(2))
    path = RunFolder(tmp_path).results_path("s")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:-1], lines[0]]))

    with pytest.raises(DamagedLogError, match=r"s\.jsonl: lines .* are missing: 1\."):
        await pass_over(tmp_path, FakeLane(), make_items(2))


async def test_a_copied_line_makes_no_record_twice(tmp_path: Path) -> None:
    await pass_over(tmp_path, FakeLane(), make_items(2))
    path = RunFolder(tmp_path).results_path("s")
    once = result_ids(tmp_path)
    path.write_bytes(path.read_bytes() * 2)

    assert result_ids(tmp_path) == once
