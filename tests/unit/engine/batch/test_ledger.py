"""The ledger of batches: what its events fold to, also after a crash."""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import orjson
import pytest

from engine.batch.folder import BatchFolder
from engine.batch.ledger import BatchLedger, read_batches
from engine.batch.poll import Poller
from engine.errors import ConfigError, DamagedLogError, NotFoundError
from engine.testing.calls import chat_request
from engine.testing.clocks import ManualClock
from schemas.batches import BatchIntent, BatchTally, RemoteState
from tests.rows import each_row
from tests.unit.engine.batch.desks import make_place, submit

INTENT = BatchIntent(
    url="/v1/chat/completions",
    model="m",
    purpose="answers",
    request_count=3,
    prompt_tokens=60,
    size_bytes=500,
    sha256="0f",
)
OLD_FACTS = {  # what version 0.1 wrote with each event
    **dict.fromkeys(("url", "model", "purpose", "request_count", "prompt_tokens")),
    **dict.fromkeys(("worst_case_usd", "size_bytes", "sha256", "file_id", "batch_id", "status")),
    **dict.fromkeys(("done_count", "error_count", "output_file_id", "error_file_id")),
    **dict.fromkeys(("problem_code", "problem", "problem_line")),
    **dict.fromkeys(("answered", "failed", "returned", "cost_usd", "lost_usd")),
}


@asynccontextmanager
async def open_ledger(folder: Path) -> AsyncIterator[BatchLedger]:
    clock = ManualClock()
    async with aclosing(BatchLedger(folder / "batches.jsonl", clock)) as ledger:
        yield ledger


def old_line(number: int, step: str, **facts: object) -> bytes:
    fields = {"event_id": f"{number:08d}", "batch": "000001", "step": step, "at": f"t{number}"}
    return orjson.dumps({**fields, "facts": {**OLD_FACTS, **facts}, "waiting": None}) + b"\n"


async def test_name_comes_after_the_last_one_also_where_one_is_missing(tmp_path: Path) -> None:
    async with open_ledger(tmp_path) as ledger:
        await ledger.note_intent("000001", INTENT)
        await ledger.note_intent("000003", INTENT)

        assert ledger.next_name() == "000004"


async def test_facts_add_up_and_what_an_event_does_not_know_stays(tmp_path: Path) -> None:
    async with open_ledger(tmp_path) as ledger:
        await ledger.note_intent("000001", INTENT)
        await ledger.note_uploaded("000001", "f")
        await ledger.note_created("000001", RemoteState(batch_id="b", status="validating"))
        await ledger.note_polled("000001", RemoteState(status="completed", done_count=3))
    async with open_ledger(tmp_path) as ledger:
        (batch,) = ledger.out()

    assert batch.has_ended
    assert batch.intent == INTENT
    assert batch.remote == RemoteState(file_id="f", batch_id="b", status="completed", done_count=3)


async def test_news_that_are_known_take_no_line(tmp_path: Path) -> None:
    async with open_ledger(tmp_path) as ledger:
        await ledger.note_intent("000001", INTENT)
        await ledger.note_created("000001", RemoteState(batch_id="b", done_count=0))
        before = (tmp_path / "batches.jsonl").read_bytes()
        await ledger.note_polled("000001", RemoteState(batch_id="b", done_count=0))

    assert (tmp_path / "batches.jsonl").read_bytes() == before


async def test_lines_are_those_of_the_version_before(tmp_path: Path) -> None:
    async with open_ledger(tmp_path) as ledger:
        await ledger.note_intent("000001", INTENT)
        await ledger.note_polled("000001", RemoteState(status="failed", done_count=0))
        await ledger.note_collected("000001", BatchTally(returned=3))
    events = [orjson.loads(line) for line in (tmp_path / "batches.jsonl").read_bytes().splitlines()]

    assert [list(event) for event in events] == [list(orjson.loads(old_line(1, "intent")))] * 3
    assert [list(event["facts"]) for event in events] == [list(OLD_FACTS)] * 3
    assert events[1]["facts"] == {**OLD_FACTS, "status": "failed", "done_count": 0}
    assert events[2]["facts"]["returned"] == 3
    assert events[2]["facts"]["url"] is None


async def test_ledger_of_the_version_before_is_read_and_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "batches.jsonl"
    path.write_bytes(
        old_line(1, "intent", **INTENT.model_dump())
        + old_line(2, "uploaded", file_id="f")
        + old_line(3, "created", batch_id="b", status="validating", done_count=0)
        + old_line(4, "polled", status="completed", done_count=3, output_file_id="o")
        + old_line(5, "polled", lost_usd=0.5)
        + old_line(6, "collected", answered=0, failed=0, returned=3, cost_usd=0.0)
    )

    async with open_ledger(tmp_path) as ledger:
        await ledger.note_deleted("000001")
    (batch,) = read_batches(path)

    assert batch.intent == INTENT
    assert batch.created_at == "t3"
    assert batch.remote.output_file_id == "o"
    assert batch.tally == BatchTally(returned=3, lost_usd=0.5)
    assert batch.is_collected
    assert batch.is_deleted


async def test_torn_last_event_is_taken_again(tmp_path: Path) -> None:
    async with open_ledger(tmp_path) as ledger:
        await ledger.note_intent("000001", INTENT)
        await ledger.note_uploaded("000001", "f")
    path = tmp_path / "batches.jsonl"
    path.write_bytes(path.read_bytes()[:-30])

    async with open_ledger(tmp_path) as ledger:
        (batch,) = ledger.out()
        await ledger.note_uploaded("000001", "g")

    assert not batch.remote.file_id
    assert [b.remote.file_id for b in read_batches(path)] == ["g"]


async def test_line_that_is_no_event_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "batches.jsonl"
    path.write_bytes(b'{"event_id":"00000001","batch":"000001","step":"eaten","at":""}\n')

    with pytest.raises(DamagedLogError, match=r"batches.jsonl:1: .*step"):
        read_batches(path)


@each_row("number", [1, 2, 3])
async def test_event_that_is_missing_is_damage(number: int, tmp_path: Path) -> None:
    """Without it its batch would be bought again."""
    async with open_ledger(tmp_path) as ledger:
        await ledger.note_intent("000001", INTENT)
        await ledger.note_intent("000002", INTENT)
        await ledger.note_uploaded("000001", "f")
        await ledger.note_uploaded("000002", "g")
    path = tmp_path / "batches.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    del lines[number - 1]
    path.write_bytes(b"".join(lines))

    with pytest.raises(DamagedLogError, match=rf"batches.jsonl:{number}: found event .*expected"):
        read_batches(path)
    with pytest.raises(DamagedLogError, match="restore the file from a backup"):
        async with open_ledger(tmp_path):
            raise AssertionError("it was opened all the same")


async def test_ledger_that_vanished_while_files_of_batches_are_there_is_damage(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    async with place.open() as bench:
        await submit(bench.desk, chat_request("a"))
    (tmp_path / "batches.jsonl").unlink()

    with pytest.raises(DamagedLogError, match=r"batches.jsonl: is gone.*bought again"):
        async with place.open():
            raise AssertionError("it was opened all the same")

    assert (tmp_path / "batches" / "000001.jsonl").exists()


async def test_ledger_that_was_emptied_has_its_batches_looked_for_before_they_are_made_again(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    async with place.open() as bench:
        await submit(bench.desk, chat_request("a"))
    (tmp_path / "batches.jsonl").write_bytes(b"")

    async with place.open() as bench:
        await submit(bench.desk, chat_request("a"))

    assert len(place.provider.batches) == 1
    assert len(list(bench.desk.ledger.batches)) == 1


async def test_emptied_ledger_is_gone_on_with_at_the_numbers_that_its_files_have(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    for name in "ab":
        async with place.open() as bench:
            await bench.desk.collect()
            await submit(bench.desk, chat_request(name))
        place.provider.end_all()
    (tmp_path / "batches.jsonl").write_bytes(b"")

    async with place.open() as bench:
        await submit(bench.desk, chat_request("b"))
        await bench.desk.collect()

    assert len(place.provider.batches) == 2
    assert place.settled.keys() == {"a", "b"}


async def test_ledger_that_lacks_what_was_collected_and_deleted_names_a_way_out(
    tmp_path: Path,
) -> None:
    place, path = make_place(tmp_path), tmp_path / "batches.jsonl"
    async with place.open() as bench:
        await submit(bench.desk, chat_request("a"))
    place.provider.end_all()
    lines = path.read_bytes()
    async with place.open() as bench:
        await bench.desk.collect()
    path.write_bytes(lines)

    with pytest.raises(
        DamagedLogError, match=rf"is gone.*distill batches {tmp_path} --forget 000001"
    ):
        async with place.open():
            raise AssertionError("it was opened all the same")
    folder = BatchFolder(path, tmp_path / "batches", "run-id")
    async with open_ledger(tmp_path) as ledger:
        (batch,) = ledger.out()
        await Poller(folder, ledger, place.provider, clock=place.clock).forget(batch)
    async with place.open() as bench:
        await submit(bench.desk, chat_request("a"))

    assert len(place.provider.batches) == 1


async def test_batch_that_is_given_up_counts_what_it_may_have_cost_and_comes_back(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    async with place.open() as bench:
        await submit(bench.desk, chat_request("a"), chat_request("b"))
        (batch,) = bench.desk.out
        folder = BatchFolder(tmp_path / "batches.jsonl", tmp_path / "batches", "run-id")
        poller = Poller(folder, bench.desk.ledger, place.provider, clock=place.clock)
        with pytest.raises(
            ConfigError, match=r"is known to the provider \(in_progress\).*--cancel"
        ):
            await poller.forget(batch)
        gone = NotFoundError("404 no such batch", status=404)
        place.provider.faults["retrieve"] = deque([gone])
        await poller.forget(batch)
    async with place.open() as bench:
        waiting = await submit(bench.desk, chat_request("a"), chat_request("b"))

    (given_up, again) = read_batches(tmp_path / "batches.jsonl")
    assert given_up.tally.lost_usd == pytest.approx(2 * 0.0605)
    assert given_up.is_collected
    assert (waiting, again.intent.request_count) == (0, 2)
