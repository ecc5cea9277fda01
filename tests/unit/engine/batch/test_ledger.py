"""The ledger of batches: what its events fold to, also after a crash."""

from pathlib import Path

import pytest

from engine.batch.ledger import BatchLedger, read_batches
from engine.errors import DamagedLogError
from engine.testing.clocks import ManualClock
from schemas.batches import BatchFacts


def open_ledger(folder: Path) -> BatchLedger:
    return BatchLedger(folder / "batches.jsonl", ManualClock())


async def test_name_comes_after_the_last_one_also_where_one_is_missing(tmp_path: Path) -> None:
    async with open_ledger(tmp_path) as ledger:
        await ledger.add("000001", "intent", BatchFacts())
        await ledger.add("000003", "intent", BatchFacts())

        assert ledger.next_name() == "000004"


async def test_facts_add_up_and_what_an_event_does_not_know_stays(tmp_path: Path) -> None:
    async with open_ledger(tmp_path) as ledger:
        await ledger.add("000001", "intent", BatchFacts(model="m", request_count=3))
        await ledger.add("000001", "created", BatchFacts(batch_id="b", status="validating"))
        await ledger.add("000001", "polled", BatchFacts(status="completed", done_count=3))
    async with open_ledger(tmp_path) as ledger:
        (batch,) = ledger.out()

    assert batch.has_ended
    assert (batch.facts.model, batch.facts.batch_id, batch.facts.done_count) == ("m", "b", 3)


async def test_torn_last_event_is_dropped(tmp_path: Path) -> None:
    async with open_ledger(tmp_path) as ledger:
        await ledger.add("000001", "intent", BatchFacts())
        await ledger.add("000001", "uploaded", BatchFacts(file_id="f"))
    path = tmp_path / "batches.jsonl"
    path.write_bytes(path.read_bytes()[:-9])

    async with open_ledger(tmp_path) as ledger:
        (batch,) = ledger.out()
        await ledger.add("000001", "uploaded", BatchFacts(file_id="g"))

    assert batch.facts.file_id is None
    assert [b.facts.file_id for b in read_batches(path)] == ["g"]


async def test_damaged_event_is_named(tmp_path: Path) -> None:
    path = tmp_path / "batches.jsonl"
    path.write_bytes(b'{"event_id":"00000001","step":"eaten"}\n')

    with pytest.raises(DamagedLogError, match=r"batches.jsonl:1: "):
        open_ledger(tmp_path)
