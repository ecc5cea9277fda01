"""However a batch ends: what was answered is kept once, the rest comes back, nothing loops."""

from collections import deque
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from engine.errors import (
    AuthError,
    FatalError,
    NotFoundError,
    QuotaError,
    RequestError,
    TransientError,
)
from engine.testing.batch_provider import Line, answered_line, refused_line, untried_line
from engine.testing.calls import chat_request
from schemas.outcomes import Completed, Failed
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


@pytest.mark.parametrize("status", ["expired", "cancelled"])
@pytest.mark.parametrize("rest", ["in the error file", "nowhere"])
async def test_unanswered_requests_of_a_batch_cut_short_come_back_and_use_up_no_attempt(
    status: str, rest: str, tmp_path: Path
) -> None:
    place = make_place(tmp_path)
    errors = [untried_line("b", f"batch_{status}")] if rest == "in the error file" else []

    async with place.open(max_attempts=1) as bench:
        await submit(bench.desk, *map(chat_request, IDS))
        place.provider.end("000001", status, output=[answered_line("a")], errors=errors)
        await bench.desk.collect()
        still_out = bench.desk.is_out("b")
        await submit(bench.desk, chat_request("b"), chat_request("c"))
        place.provider.end("000002")
        await bench.desk.collect()

    assert not still_out
    assert {id_: o.attempts for id_, o in place.settled.items()} == {"a": 1, "b": 1, "c": 1}
    assert bench.desk.ledger.get("000001").tally.returned == 2


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


@pytest.mark.parametrize(
    "line",
    [
        refused_line("a", 500, "server_error"),
        refused_line("a", 429, "rate_limit_exceeded"),
        untried_line("a", "request_timeout"),
        {"custom_id": "a", "response": {"status_code": 0, "body": {}}, "error": None},
        None,
    ],
)
async def test_request_that_fails_in_every_batch_is_given_up_after_as_many_as_are_allowed(
    line: Line | None, tmp_path: Path
) -> None:
    place = make_place(tmp_path)
    lines = [line] if line else []

    async with place.open(max_attempts=3) as bench:
        for number in range(1, 4):
            assert "a" not in place.settled
            await submit(bench.desk, chat_request("a"))
            place.provider.end(f"{number:06d}", output=lines)
            await bench.desk.collect()

    outcome = place.settled["a"]
    assert isinstance(outcome, Failed)
    assert outcome.attempts == 3
    assert "in 3 batches" in outcome.message


@pytest.mark.parametrize(
    ("line", "error"),
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
    assert "were passed by: 4" in caplog.text


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


async def test_result_file_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    place = make_place(tmp_path)

    async with place.open() as bench:
        await submit(bench.desk, chat_request("a"))
        place.provider.end("000001")
        missing = NotFoundError("404", status=404)
        place.provider.faults["download"] = deque([missing])
        with pytest.raises(TransientError, match="not there yet"):
            await bench.desk.collect()
        await bench.desk.collect()

    assert place.settled.keys() == {"a"}


async def test_batch_that_does_not_yet_say_where_its_answers_are_is_polled_again(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)

    async with place.open() as bench:
        await submit(bench.desk, chat_request("a"))
        place.provider.end("000001")
        (batch_id, batch), *_ = place.provider.batches.items()
        nameless = batch.remote.model_copy(update={"output_file_id": ""})
        place.provider.batches[batch_id] = batch._replace(remote=nameless)
        with pytest.raises(TransientError, match="no result file yet"):
            await bench.desk.collect()
        place.provider.batches[batch_id] = batch
        await bench.desk.collect()

    assert isinstance(place.settled["a"], Completed)


async def test_results_that_the_provider_no_longer_has_are_reported_and_asked_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = make_place(tmp_path)

    async with place.open(cap_usd=10.0, max_attempts=1) as bench:
        await submit(bench.desk, *map(chat_request, IDS))
        place.provider.end("000001")
        batch = next(iter(place.provider.batches.values()))
        del place.provider.files[str(batch.remote.output_file_id)]
        with pytest.raises(TransientError):
            await bench.desk.collect()
        place.clock.go(hours=1)
        await bench.desk.collect()
        is_out = bench.desk.is_out("a")

    assert not place.settled
    assert not is_out
    assert "3 answers are lost, which cost at most $0.1815" in caplog.text
    assert bench.budget.spent_usd == pytest.approx(0.1815)


async def test_the_hour_in_which_results_are_waited_for_begins_once_whoever_asks(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    async with place.open() as bench:
        await submit(bench.desk, chat_request("a"))
    place.provider.end("000001")
    batch = next(iter(place.provider.batches.values()))
    del place.provider.files[str(batch.remote.output_file_id)]

    for _ in range(3):  # processes, 25 minutes apart
        async with place.open() as bench:
            with pytest.raises(TransientError, match="not there yet"):
                await bench.desk.collect()
        place.clock.go(minutes=25)
    async with place.open() as bench:
        await bench.desk.collect()

        assert not bench.desk.out


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[:-40],
        lambda whole: b"",
        lambda whole: b"<html><h1>Bad gateway</h1></html>",
        lambda whole: b"<html>\n<h1>Bad gateway</h1>\n</html>\n",
        lambda whole: b'{"error":{"message":"busy"}',
        lambda whole: b'{"error":{"message":"busy"}}\n',
    ],
)
async def test_result_file_that_did_not_come_whole_is_fetched_again(
    damage: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    place = make_place(tmp_path)

    async with place.open() as bench:
        await submit(bench.desk, *map(chat_request, IDS))
        place.provider.end("000001")
        file_id = str(next(iter(place.provider.batches.values())).remote.output_file_id)
        whole = place.provider.files[file_id]
        place.provider.files[file_id] = damage(whole)
        with pytest.raises(TransientError, match="did not come whole"):
            await bench.desk.collect()
        place.provider.files[file_id] = whole
        await bench.desk.collect()

    assert place.settled.keys() == set(IDS)


@pytest.mark.parametrize("is_there", [True, False])
async def test_error_file_that_holds_nothing_is_none(is_there: bool, tmp_path: Path) -> None:
    place = make_place(tmp_path)

    async with place.open() as bench:
        await submit(bench.desk, *map(chat_request, IDS))
        place.provider.end("000001", errors=[untried_line("a")])
        (batch_id, batch), *_ = place.provider.batches.items()
        remote = batch.remote.model_copy(update={"error_count": 0})
        place.provider.batches[batch_id] = batch._replace(remote=remote)
        place.provider.files[str(remote.error_file_id)] = b""
        if not is_there:
            del place.provider.files[str(remote.error_file_id)]
        await bench.desk.collect()

    assert place.settled.keys() == set(IDS)


async def test_trouble_with_one_batch_does_not_hold_up_the_others(tmp_path: Path) -> None:
    place = make_place(tmp_path)

    async with place.open(max_requests=1) as bench:
        await submit(bench.desk, *map(chat_request, IDS))
        place.provider.end("000001", output=[refused_line("a", 401, "invalid_api_key")])
        place.provider.end("000002")
        place.provider.end("000003")
        cut = TransientError("cut", code="connection_failed")
        place.provider.faults["download"] = deque([None, cut, None])
        with pytest.raises(AuthError):
            await bench.desk.collect()
        await bench.desk.collect()

    assert place.settled.keys() == {"b", "c"}


async def test_files_are_deleted_here_and_there_once_results_are_durable(tmp_path: Path) -> None:
    place = make_place(tmp_path)

    async with place.open() as bench:
        await submit(bench.desk, *map(chat_request, IDS))
        place.provider.end("000001", output=[answered_line("a")], errors=[untried_line("b")])
        await bench.desk.collect()

    assert place.provider.files == {}
    assert {path.name for path in (tmp_path / "batches").iterdir()} == {
        "outbox.jsonl",
        "attempts.jsonl",
    }


async def test_file_that_the_provider_does_not_delete_stays_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = make_place(tmp_path)

    async with place.open() as bench:
        await submit(bench.desk, chat_request("a"))
        place.provider.end("000001")
        place.provider.faults["delete"] = deque([RequestError("400 no", code="no", status=400)])
        await bench.desk.collect()
        await bench.desk.collect()

    assert "stays at the provider" in caplog.text
    assert place.provider.calls["delete"] == 2


async def test_age_of_an_outcome_is_that_of_its_batch(tmp_path: Path) -> None:
    place = make_place(tmp_path)

    async with place.open() as bench:
        await submit(bench.desk, chat_request("a"))
        place.clock.go(hours=2)
        place.provider.end("000001")
        await bench.desk.collect()

    assert timedelta(seconds=place.settled["a"].latency_s) == timedelta(hours=2)
