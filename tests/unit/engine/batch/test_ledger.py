"""The ledger of batches: what its events fold to, also after a crash."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import orjson
import pytest

from engine.batch.ledger import BatchLedger, read_batches
from engine.errors import DamagedLogError
from engine.testing.clocks import ManualClock
from schemas.batches import BatchIntent, BatchTally, RemoteState

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


@pytest.mark.parametrize("number", [1, 2, 3])
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
