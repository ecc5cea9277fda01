"""A ledger that lost lines: what was bought is found at the provider, and bought once."""

import asyncio
import logging
from collections import deque
from copy import deepcopy
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from engine.batch.ledger import read_batches
from engine.batch.packing.outbox import Spooled
from engine.errors import ConfigError, RequestError
from engine.testing.calls import chat_request
from schemas.batches import BatchIntent
from tests.rows import told_with
from tests.unit.engine.batch.desks import Place, make_place, submit

REQUESTS = [chat_request(name, purpose=purpose) for name, purpose in zip("abc", "xyx", strict=True)]
ONE_EACH: dict[str, Any] = {"max_requests": 1, "max_batches_per_hour": 2}


def cut(folder: Path, lines: int) -> None:
    """Leave the ledger so many of its lines."""
    path = folder / "batches.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:lines]))


async def finish(place: Place) -> None:
    """Rounds until everything is settled, and one more: at most six."""
    for _ in range(6):
        was_settled = len(place.settled) == len(REQUESTS)
        async with place.open() as bench:
            await bench.desk.collect()
            left = [each for each in REQUESTS if each.request_id not in place.settled]
            await submit(bench.desk, *left)
        place.provider.end_all()
        await place.clock.sleep(3600.0)
        if was_settled:
            return


async def test_cut_anywhere_it_buys_nothing_twice_and_loses_nothing(tmp_path: Path) -> None:
    begun = make_place(tmp_path / "begun")
    async with begun.open(**ONE_EACH) as bench:
        await submit(bench.desk, *REQUESTS)
    begun.provider.end_all()

    for lines in range(8):
        place = deepcopy(begun)._replace(folder=tmp_path / f"{lines}")
        copytree(begun.folder, place.folder)
        cut(place.folder, lines)
        with told_with(lines, f"the ledger has {lines} lines"):
            await finish(place)
            purposes = {name: each.purpose for name, each in place.settled.items()}
            names = [batch.name for batch in read_batches(place.folder / "batches.jsonl")]
            assert place.provider.calls["create"] == 3
            assert purposes == {"a": "x", "b": "y", "c": "x"}
            assert len(names) == len(set(names)) == 3


async def test_batch_that_was_never_made_comes_back_and_is_made_with_the_rest(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    async with place.open(**ONE_EACH) as bench:
        await submit(bench.desk, *REQUESTS)
    cut(tmp_path, 3)
    place.provider.batches.popitem()
    place.provider.names.clear()

    await finish(place)

    assert place.provider.calls["create"] == 4
    assert place.settled.keys() == {"a", "b", "c"}


async def test_other_requests_make_no_second_batch_of_those_that_are_out(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    async with place.open() as bench:
        await submit(bench.desk, *REQUESTS[1:2])
    place.provider.end_all()
    cut(tmp_path, 0)

    await finish(place)

    assert place.provider.calls["create"] == 2
    assert place.settled.keys() == {"a", "b", "c"}


async def test_kill_between_noting_it_and_finding_it_makes_no_batch(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    async with place.open() as bench:
        await submit(bench.desk, *REQUESTS[1:2])
    place.provider.end_all()
    cut(tmp_path, 0)
    async with place.open() as bench:
        assert await bench.desk.holds(REQUESTS[1])

    await place.clock.sleep(9 * 24 * 3600.0)
    await finish(place)

    assert place.provider.calls["create"] == 2


async def test_what_it_may_cost_is_held_until_it_is_found(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    async with place.open(cap_usd=1.0) as bench:
        await submit(bench.desk, *REQUESTS[1:2])
        held_usd = bench.budget.held_usd
    cut(tmp_path, 0)

    async with place.open(cap_usd=1.0) as bench:
        await bench.desk.holds(REQUESTS[1])
        assert bench.budget.held_usd == pytest.approx(held_usd)


async def test_host_that_lists_no_batches_names_a_way_out(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    async with place.open() as bench:
        await submit(bench.desk, *REQUESTS[1:2])
    cut(tmp_path, 0)
    place.provider.faults["find"] = deque([RequestError("no such path", code="x", status=404)])

    async with place.open() as bench:
        await bench.desk.holds(REQUESTS[1])
        with pytest.raises(ConfigError, match="--forget 000001"):
            await bench.desk.collect()


async def test_many_who_ask_at_once_have_a_batch_noted_once(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    async with place.open() as bench:
        await submit(bench.desk, *REQUESTS)
    cut(tmp_path, 0)

    async with place.open() as bench:
        held = await asyncio.gather(*map(bench.desk.holds, REQUESTS))

    assert held == [True] * 3
    names = [batch.name for batch in read_batches(tmp_path / "batches.jsonl")]
    assert len(names) == len(set(names)) == 2  # of two purposes


class Killed(BaseException):
    """What ends a process."""


@pytest.mark.parametrize("is_noted", [False, True])
async def test_kill_while_files_are_packed_is_no_cut_ledger(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, is_noted: bool
) -> None:
    place = make_place(tmp_path)
    async with place.open(**ONE_EACH) as bench:
        note_intent = bench.desk.ledger.note_intent

        async def kill(name: str, intent: BatchIntent) -> None:
            if is_noted:
                await note_intent(name, intent)
            raise Killed

        bench.desk.ledger.note_intent = kill  # type: ignore[method-assign]
        with pytest.raises(Killed):
            await bench.desk.submit(map(Spooled.of, REQUESTS))

    with caplog.at_level(logging.WARNING):
        async with place.open(**ONE_EACH) as bench:
            held = [await bench.desk.holds(each) for each in REQUESTS]
        await finish(place)

    assert held == [is_noted, False, False]
    assert "lacks batch" not in caplog.text
    assert place.provider.calls["create"] == 2 + is_noted  # of the rest one for each purpose
    assert sorted(place.settled) == ["a", "b", "c"]
