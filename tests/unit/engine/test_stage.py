import asyncio
import errno
import gc
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from engine.ask import Ask
from engine.engine import Engine
from engine.errors import (
    AuthError,
    DamagedLogError,
    Deferred,
    InterruptedRunError,
    OutageError,
    RateLimitError,
    StorageError,
    UnexpectedError,
)
from engine.files.journal import Journal
from engine.files.records import read_records
from engine.run_folder import RunFolder
from engine.stage import FinishedItem, StagePass, Work, open_stage_files, run_stage
from engine.stopping import Stopping
from engine.testing.calls import chat_request
from engine.testing.stage_parts import FakeLane, SilentProgress
from schemas.dataset import Rejection
from schemas.outcomes import Outcome
from schemas.record import Record
from schemas.requests import Request


class Item(Record):
    item_id: str


class Result(Record):
    result_id: str
    item_id: str


async def ask_once(item: Item, ask: Ask) -> list[Result | Rejection]:
    await ask(chat_request(f"r-{item.item_id}"))
    return [Result(result_id=f"{item.item_id}.{n}", item_id=item.item_id) for n in range(2)]


def make_items(count: int) -> list[Item]:
    return [Item(item_id=f"i{n}") for n in range(count)]


async def pass_over(
    run_dir: Path,
    lane: FakeLane,
    items: Iterable[Item],
    *,
    work: Work[Item, Result] = ask_once,
    window: int = 4,
    stopping: Stopping | None = None,
) -> StagePass:
    folder = RunFolder(run_dir)
    folder.create()
    stopping = stopping or Stopping()
    async with (
        Journal(folder.journal_path) as journal,
        open_stage_files(folder, "s", Result) as files,
    ):
        engine = Engine(journal=journal, lane=lane, stopping=stopping)
        return await run_stage(
            (item for item in items if files.is_unfinished(item.item_id)),
            work,
            ask=engine.ask,
            files=files,
            window=window,
            stopping=stopping,
            progress=SilentProgress(),
        )


def result_ids(run_dir: Path) -> list[str]:
    path = RunFolder(run_dir).results_path("s")
    return sorted(result.result_id for result in read_records(path, Result))


async def test_every_item_ends_as_results(tmp_path: Path) -> None:
    passed = await pass_over(tmp_path, FakeLane(), make_items(20))

    assert passed.is_complete
    assert passed.finished_count == 20
    assert len(result_ids(tmp_path)) == 40


async def test_second_pass_asks_nothing_and_writes_nothing(tmp_path: Path) -> None:
    await pass_over(tmp_path, FakeLane(), make_items(20))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.jsonl")}
    lane = FakeLane()

    passed = await pass_over(tmp_path, lane, make_items(20))

    assert passed.finished_count == 0
    assert lane.sent == []
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.jsonl")} == before


async def test_items_are_drawn_no_further_ahead_than_the_window(tmp_path: Path) -> None:
    drawn = 0
    ended = 0
    widest = 0

    def items() -> Iterator[Item]:
        nonlocal drawn, widest
        for item in make_items(50):
            drawn += 1
            widest = max(widest, drawn - ended)
            yield item

    async def work(item: Item, ask: Ask) -> list[Result | Rejection]:
        nonlocal ended
        outputs = await ask_once(item, ask)
        ended += 1
        return outputs

    await pass_over(tmp_path, FakeLane(), items(), work=work, window=4)

    assert drawn == 50
    assert widest <= 4 + 1


async def test_request_out_of_attempts_leaves_its_item_for_the_next_call(tmp_path: Path) -> None:
    lane = FakeLane({"r-i3": RateLimitError("too fast", code="rate_limit_exceeded")})

    passed = await pass_over(tmp_path, lane, make_items(6))

    assert not passed.is_complete
    assert passed.unsettled == {"rate_limit_exceeded": 1}
    assert passed.finished_count == 5
    second = FakeLane()
    assert (await pass_over(tmp_path, second, make_items(6))).is_complete
    assert second.sent == ["r-i3"]


async def test_deferred_request_sets_its_item_aside(tmp_path: Path) -> None:
    passed = await pass_over(tmp_path, FakeLane({"r-i0": Deferred()}), make_items(3))

    assert passed.deferred_count == 1
    assert passed.finished_count == 2


@pytest.mark.parametrize("error", [AuthError("key revoked"), OutageError("nobody answers")])
async def test_resume_after_the_end_of_a_run_pays_for_nothing_twice(
    tmp_path: Path, error: Exception
) -> None:
    broken = FakeLane({"r-i20": error})
    healthy = FakeLane()

    with pytest.raises(type(error)):
        await pass_over(tmp_path, broken, make_items(50))
    async with Journal(tmp_path / "journal.jsonl") as journal:
        settled = {request_id for request_id in broken.sent if request_id in journal}
    passed = await pass_over(tmp_path, healthy, make_items(50))

    assert passed.is_complete
    assert settled.isdisjoint(healthy.sent)
    assert settled | set(healthy.sent) == {f"r-i{n}" for n in range(50)}
    assert len(result_ids(tmp_path)) == 100


async def test_work_in_flight_lands_before_the_error_is_raised(tmp_path: Path) -> None:
    class SlowLane(FakeLane):
        async def send(self, request: Request) -> Outcome:
            if request.request_id != "r-i0":
                await asyncio.sleep(0)
            return await super().send(request)

    with pytest.raises(AuthError):
        await pass_over(tmp_path, SlowLane({"r-i0": AuthError("no")}), make_items(9), window=3)

    assert result_ids(tmp_path) == ["i1.0", "i1.1", "i2.0", "i2.1"]


async def test_requested_stop_admits_nothing_new(tmp_path: Path) -> None:
    stopping = Stopping()
    lane = FakeLane()

    async def work(item: Item, ask: Ask) -> list[Result | Rejection]:
        outputs = await ask_once(item, ask)
        if item.item_id == "i5":
            stopping.request(InterruptedRunError(15))
        return outputs

    with pytest.raises(InterruptedRunError):
        await pass_over(tmp_path, lane, make_items(50), work=work, window=2, stopping=stopping)

    assert len(lane.sent) <= 8
    assert len(result_ids(tmp_path)) == 2 * len(lane.sent)


async def test_nothing_is_bought_once_the_disk_refused_an_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lane = FakeLane()
    admitted = asyncio.Event()

    async def ask_twice(item: Item, ask: Ask) -> list[Result | Rejection]:
        if item.item_id == "i1":
            await admitted.wait()
        try:
            await ask(chat_request(f"r-{item.item_id}"))
        finally:
            admitted.set()
        return [Result(result_id=f"{item.item_id}.{n}", item_id=item.item_id) for n in range(2)]

    def refuse(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", refuse)
    with pytest.raises(StorageError, match="No space left"):
        await pass_over(tmp_path, lane, make_items(9), work=ask_twice, window=2)

    assert lane.sent == ["r-i0"]


async def test_system_that_refuses_something_ends_the_stage_in_good_order(tmp_path: Path) -> None:
    async def work(item: Item, ask: Ask) -> list[Result | Rejection]:
        outputs = await ask_once(item, ask)
        if item.item_id == "i3":
            raise OSError(errno.ENOSPC, "No space left on device", "/tmp/somewhere")
        return outputs

    with pytest.raises(StorageError, match="No space left on device"):
        await pass_over(tmp_path, FakeLane(), make_items(9), work=work, window=2)

    assert result_ids(tmp_path)[:6] == [f"i{n}.{m}" for n in range(3) for m in range(2)]


async def test_refused_results_end_the_stage_with_one_error_and_no_noise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def many(item: Item, _: Ask) -> list[Result | Rejection]:
        return [Result(result_id=f"{item.item_id}.{n}", item_id=item.item_id) for n in range(9)]

    def refuse(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", refuse)
    with pytest.raises(StorageError, match="No space left"):
        await pass_over(tmp_path, FakeLane(), make_items(3), work=many)
    gc.collect()

    assert caplog.text == ""


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


async def test_item_that_ends_as_nothing_is_a_bug_and_says_so(tmp_path: Path) -> None:
    async def vanish(item: Item, _: Ask) -> list[Result | Rejection]:
        return []

    with pytest.raises(UnexpectedError, match="neither as a result nor as a rejection"):
        await pass_over(tmp_path, FakeLane(), make_items(1), work=vanish)


async def test_what_is_in_flight_is_kept_when_work_fails_in_a_way_that_nobody_foresaw(
    tmp_path: Path,
) -> None:
    class SlowLane(FakeLane):
        async def send(self, request: Request) -> Outcome:
            await asyncio.sleep(0.001)
            return await super().send(request)

    async def work(item: Item, ask: Ask) -> list[Result | Rejection]:
        if item.item_id == "i3":
            await asyncio.sleep(0)
            raise ZeroDivisionError("a bug")
        return await ask_once(item, ask)

    lane = SlowLane()
    with pytest.raises(UnexpectedError, match=r"ZeroDivisionError \(a bug\).*test_stage.py"):
        await pass_over(tmp_path, lane, make_items(50), work=work, window=10)

    async with Journal(tmp_path / "journal.jsonl") as journal:
        kept = [request_id for request_id in lane.sent if request_id in journal]
    assert len(lane.sent) >= 9
    assert kept == lane.sent
    assert len(result_ids(tmp_path)) == 2 * len(kept)


async def reject(item: Item, ask: Ask) -> list[Result | Rejection]:
    return [Rejection.of(item.item_id, stage="s", reason="poor", text='about "stage":"s"')]


@pytest.mark.parametrize("kept", [0, 2])
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
