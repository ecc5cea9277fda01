"""However a batch ends: what was answered is kept once, the rest comes back, nothing loops."""

from datetime import timedelta
from itertools import chain, product
from pathlib import Path

import pytest

from engine.errors import (
    AuthError,
    FatalError,
    QuotaError,
)
from engine.testing.batch_provider import Line, answered_line, refused_line, untried_line
from engine.testing.calls import chat_request
from schemas.outcomes import Completed, Failed
from tests.rows import each_row
from tests.unit.engine.batch.desks import make_place, submit

IDS = ["a", "b", "c"]


async def test_answers_are_kept_at_half_the_price(tmp_path: Path) -> None:
    place = make_place(tmp_path)

    async with place.open(cap_usd=10.0) as bench:
        await submit(bench.desk, *map(chat_request, IDS))
        held_usd = bench.budget.held_usd
        place.provider.end("000001")
        await bench.desk.collect()

    assert held_usd == pytest.approx(3 * 0.121 / 2)  # 21 tokens by the bytes of its body
    assert bench.budget.held_usd == 0.0
    assert bench.budget.spent_usd == pytest.approx(3 * 0.07 / 2)
    assert {o.cost_usd for o in place.settled.values()} == {0.035}
    assert [(o.lane, o.attempts) for o in place.settled.values()] == [("batch", 1)] * 3


async def test_unanswered_requests_of_a_batch_cut_short_come_back_and_use_up_no_attempt(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    cases = list(product(["expired", "cancelled"], ["in the error file", "nowhere"]))
    batches = [[f"{number}-{id_}" for id_ in IDS] for number in range(len(cases))]

    async with place.open(max_attempts=1, max_requests=len(IDS)) as bench:
        await submit(bench.desk, *map(chat_request, chain.from_iterable(batches)))
        for number, (status, rest) in enumerate(cases):
            a, b, _ = batches[number]
            errors = [untried_line(b, f"batch_{status}")] if rest == "in the error file" else []
            name = f"{number + 1:06}"
            place.provider.end(name, status, output=[answered_line(a)], errors=errors)
        await bench.desk.collect()
        answered = set(place.settled)
        still_out = [*filter(bench.desk.is_out, chain.from_iterable(batches))]
        returned = {b.name: b.tally.returned for b in bench.desk.ledger.batches}
        await submit(
            bench.desk, *map(chat_request, chain.from_iterable(ids[1:] for ids in batches))
        )
        place.provider.end_all()
        await bench.desk.collect()

    assert answered == {ids[0] for ids in batches}
    assert not still_out
    assert returned == {f"{number:06}": 2 for number in range(1, len(cases) + 1)}
    attempts = {id_: outcome.attempts for id_, outcome in place.settled.items()}
    assert attempts == dict.fromkeys(chain.from_iterable(batches), 1)


async def test_batch_whose_lines_all_failed_has_no_output_file_and_fails_them_after_one_try(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)

    async with place.open() as bench:
        await submit(bench.desk, *map(chat_request, IDS))
        errors = [refused_line(id_, 400, "context_length_exceeded") for id_ in IDS]
        place.provider.end("000001", output=[], errors=errors)
        await bench.desk.collect()

    assert {o.code for o in place.settled.values() if isinstance(o, Failed)} == {
        "context_length_exceeded"
    }
    assert len(place.settled) == 3


async def test_when_the_first_requests_of_a_batch_all_failed_alike_the_run_stops(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    ids = [f"r{number}" for number in range(25)]

    async with place.open() as bench:
        await submit(bench.desk, *map(chat_request, ids))
        errors = [refused_line(id_, 400, "invalid_value") for id_ in ids]
        place.provider.end("000001", output=[], errors=errors)
        with pytest.raises(FatalError, match=r"the first 20 requests all failed.*invalid_value"):
            await bench.desk.collect()

    assert len(place.settled) == 25


async def test_request_that_fails_in_every_batch_is_given_up_after_as_many_as_are_allowed(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    lines = [
        refused_line("500", 500, "server_error"),
        refused_line("429", 429, "rate_limit_exceeded"),
        untried_line("timeout", "request_timeout"),
        {"custom_id": "0", "response": {"status_code": 0, "body": {}}, "error": None},
    ]
    ids = [*(line["custom_id"] for line in lines), "without a line"]

    async with place.open(max_attempts=3, max_requests=len(lines)) as bench:
        for number in range(1, 6, 2):
            assert not place.settled
            await submit(bench.desk, *map(chat_request, ids))
            place.provider.end(f"{number:06d}", output=lines)
            assert place.provider.custom_ids(f"{number + 1:06d}") == ["without a line"]
            place.provider.end(f"{number + 1:06d}", output=[])
            await bench.desk.collect()

    for request_id in ids:
        outcome = place.settled[request_id]
        assert isinstance(outcome, Failed), request_id
        assert outcome.attempts == 3, request_id
        assert "in 3 batches" in outcome.message, request_id


@each_row(
    "line, error",
    [
        (refused_line("b", 401, "invalid_api_key"), AuthError),
        (refused_line("b", 429, "insufficient_quota"), QuotaError),
    ],
)
async def test_fatal_line_stops_the_run_and_its_request_comes_back(
    line: Line, error: type[FatalError], tmp_path: Path
) -> None:
    place = make_place(tmp_path)

    async with place.open() as bench:
        await submit(bench.desk, *map(chat_request, IDS))
        place.provider.end("000001", output=[line, answered_line("a"), answered_line("c")])
        with pytest.raises(error):
            await bench.desk.collect()

        assert place.settled.keys() == {"a", "c"}
        assert not bench.desk.out
        assert not bench.desk.is_out("b")


async def test_lines_in_any_order_repeated_unknown_and_broken_settle_each_request_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = make_place(tmp_path)
    strange = [
        answered_line("a"),
        answered_line("nobody"),
        {"custom_id": ["a"]},
        {"custom_id": "c"},
    ]

    async with place.open() as bench:
        await submit(bench.desk, *map(chat_request, IDS))
        lines = [answered_line("c"), answered_line("a"), answered_line("b"), *strange]
        place.provider.end("000001", output=lines)
        await bench.desk.collect()

    assert place.settled.keys() == set(IDS)
    assert all(isinstance(o, Completed) for o in place.settled.values())
    assert "were ignored: 4" in caplog.text


async def test_reply_cut_off_is_kept_and_asked_again_with_twice_the_limit(tmp_path: Path) -> None:
    place = make_place(tmp_path)

    async with place.open(cap_usd=10.0) as bench:
        await submit(bench.desk, chat_request("a"))
        place.provider.end("000001", output=[answered_line("a", finish_reason="length")])
        await bench.desk.collect()
        was_settled = "a" in place.settled
        await submit(bench.desk, chat_request("a"))
        body = place.provider.lines("000002")[0]["body"]
        place.provider.end("000002", output=[answered_line("a")])
        await bench.desk.collect()

    attempt = (tmp_path / "batches" / "attempts.jsonl").read_text()
    assert not was_settled
    assert body["max_completion_tokens"] == 200
    assert isinstance(place.settled["a"], Completed)
    assert place.settled["a"].attempts == 2
    assert "Yes." in attempt
    assert bench.budget.spent_usd == pytest.approx(2 * 0.035)


async def test_reply_cut_off_twice_fails(tmp_path: Path) -> None:
    place = make_place(tmp_path)

    async with place.open() as bench:
        for number in (1, 2):
            await submit(bench.desk, chat_request("a"))
            line = answered_line("a", finish_reason="length")
            place.provider.end(f"{number:06d}", output=[line])
            await bench.desk.collect()

    outcome = place.settled["a"]
    assert isinstance(outcome, Failed)
    assert outcome.code == "truncated"
    assert outcome.cost_usd == pytest.approx(0.035)


async def test_age_of_an_outcome_is_that_of_its_batch(tmp_path: Path) -> None:
    place = make_place(tmp_path)

    async with place.open() as bench:
        await submit(bench.desk, chat_request("a"))
        place.clock.go(hours=2)
        place.provider.end("000001")
        await bench.desk.collect()

    assert timedelta(seconds=place.settled["a"].latency_s) == timedelta(hours=2)
