from typing import Any

from tests.openai_server.batches.bills import BatchBills, BatchLine
from tests.openai_server.ledger import Ledger


def line(custom_id: str, batch_id: str = "b1", body_hash: str = "h") -> BatchLine:
    return BatchLine(batch_id, custom_id, body_hash, "gpt-6-luna", 10, 5, 2, 1)


def test_request_billed_in_two_batches_is_told_with_both() -> None:
    bills = BatchBills()

    for each in (line("a"), line("b"), line("a", "b2")):
        bills.enter(each, is_kept=True)

    told = bills.by_custom_id()
    assert {name: bill["billed"] for name, bill in told.items()} == {"a": 2, "b": 1}
    assert told["a"]["batches"] == ["b1", "b2"]
    totals = bills.totals()
    assert (totals["batch_billed"], totals["custom_ids_billed"]) == (3, 2)
    assert totals["custom_ids_billed_twice"] == 1


def test_bills_that_are_not_kept_are_still_counted() -> None:
    bills = BatchBills()

    for each in (line("a"), line("a")):
        bills.enter(each, is_kept=False)

    totals: dict[str, Any] = bills.totals()
    assert bills.by_custom_id() == {}
    assert (totals["batch_prompt_tokens"], totals["batch_cached_tokens"]) == (20, 4)
    assert totals["custom_ids_billed_twice"] == 1


def test_body_billed_live_and_in_a_batch_is_billed_twice() -> None:
    ledger = Ledger()
    call = ledger.open(at_s=0.0, key="", url="", body=b"{}", kept_bodies=0)
    call.is_billed, call.prompt_tokens = True, 7
    ledger.batches.enter(line("a", body_hash=call.body_hash), is_kept=True)

    totals = ledger.totals()

    assert (totals["calls"], totals["billed_calls"], totals["prompt_tokens"]) == (1, 2, 17)
    assert (totals["billed_twice"], totals["delivered_twice"]) == (1, 1)
