"""Items go through work in a window, and each ends once."""

import asyncio
import errno
import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.ask import Ask
from engine.errors import (
    AuthError,
    Deferred,
    InterruptedRunError,
    OutageError,
    RateLimitError,
    StorageError,
    UnexpectedError,
)
from engine.files.journal import Journal
from engine.stopping import Stopping
from engine.testing.calls import chat_request
from engine.testing.stage_parts import FakeLane
from schemas.dataset import Rejection
from schemas.outcomes import Outcome
from schemas.requests import Request
from tests.rows import each_row
from tests.unit.engine.staged_items import (
    Item,
    Result,
    ask_once,
    make_items,
    pass_over,
    result_ids,
)


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


@each_row("error", [AuthError("key revoked"), OutageError("nobody answers")])
async def test_resume_after_the_end_of_a_run_pays_for_nothing_twice(
    tmp_path: Path, error: Exception
) -> None:
    broken = FakeLane({"r-i20": error})
    healthy = FakeLane()

    with pytest.raises(type(error)):
        await pass_over(tmp_path, broken, make_items(30))
    async with Journal(tmp_path / "journal.jsonl") as journal:
        settled = {request_id for request_id in broken.sent if request_id in journal}
    passed = await pass_over(tmp_path, healthy, make_items(30))

    assert passed.is_complete
    assert settled.isdisjoint(healthy.sent)
    assert settled | set(healthy.sent) == {f"r-i{n}" for n in range(30)}
    assert len(result_ids(tmp_path)) == 60


async def test_work_in_flight_lands_before_the_error_is_raised(tmp_path: Path) -> None:
    in_flight: list[str] = []

    class SlowLane(FakeLane):
        async def send(self, request: Request) -> Outcome:
            in_flight.append(request.request_id)
            while len(in_flight) < 3:
                await asyncio.sleep(0)
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
    gc.collect(1)  # what the pass has left is young

    assert caplog.text == ""


async def test_item_that_ends_as_nothing_is_a_bug_and_says_so(tmp_path: Path) -> None:
    async def vanish(item: Item, _: Ask) -> list[Result | Rejection]:
        return []

    with pytest.raises(UnexpectedError, match="neither as a result nor as a rejection"):
        await pass_over(tmp_path, FakeLane(), make_items(1), work=vanish)


async def test_what_is_in_flight_is_kept_when_work_fails_unforeseen(
    tmp_path: Path,
) -> None:
    in_work: list[str] = []

    class SlowLane(FakeLane):
        async def send(self, request: Request) -> Outcome:
            await asyncio.sleep(0.001)
            return await super().send(request)

    async def work(item: Item, ask: Ask) -> list[Result | Rejection]:
        in_work.append(item.item_id)
        if item.item_id == "i3":
            while len(in_work) < 10:
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
