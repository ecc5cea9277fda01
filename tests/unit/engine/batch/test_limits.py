"""What does not fit waits: tokens of the account, batches an hour, dollars; runs share these."""

from pathlib import Path

import pytest

from engine.batch.desk import ROOM_S, BatchDesk
from engine.batch.packing.packer import Room
from engine.errors import ConfigError, QuotaError
from engine.testing.batch_provider import answered_line
from engine.testing.calls import chat_request
from schemas.outcomes import Failed
from tests.unit.engine.batch.desks import make_place, submit

IDS = ["a", "b", "c"]
STATED = (
    "Enqueued token limit reached for m in organization o. Limit: {} enqueued tokens. Try again"
)


async def test_what_exceeds_the_enqueued_tokens_waits_for_room(tmp_path: Path) -> None:
    place = make_place(tmp_path)

    async with place.open(max_enqueued_tokens=45) as bench:
        waiting = await submit(bench.desk, *map(chat_request, IDS))
        still = await submit(bench.desk)
        place.provider.end("000001")
        await bench.desk.collect()
        left = await submit(bench.desk)

    assert (waiting, still, left) == (1, 1, 0)
    assert place.provider.custom_ids("000002") == ["c"]


async def test_smaller_requests_do_not_overtake_what_waits(tmp_path: Path) -> None:
    place = make_place(tmp_path)

    async with place.open(max_enqueued_tokens=50) as bench:
        waiting = await submit(
            bench.desk, chat_request("a"), chat_request("b", prompt_tokens=40), chat_request("c")
        )

    assert waiting == 2
    assert place.provider.custom_ids("000001") == ["a"]


async def test_stated_limit_is_learnt_and_not_run_into_again(tmp_path: Path) -> None:
    place = make_place(tmp_path)

    async with place.open() as bench:
        await submit(bench.desk, *map(chat_request, IDS))
        place.provider.fail("000001", "token_limit_exceeded", STATED.format("50"))
        await bench.desk.collect()
        waiting = await submit(bench.desk, *map(chat_request, IDS))
        place.clock.go(days=2)
        place.provider.end("000002")
        await bench.desk.collect()
        still_waiting = await submit(bench.desk, chat_request("d"), chat_request("e"))

    assert (waiting, still_waiting) == (1, 1)
    assert place.provider.custom_ids("000003") == ["c", "d"]


async def test_limit_is_learnt_also_when_what_filled_it_has_ended_meanwhile(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)

    async with place.open(max_requests=1) as bench:
        await submit(bench.desk, *map(chat_request, IDS))
        place.provider.end("000001")
        place.provider.end("000002")
        place.provider.fail("000003", "token_limit_exceeded", STATED.format("50"))
        await bench.desk.collect()
        waiting = await submit(bench.desk, chat_request("c"), chat_request("d"))

    assert waiting == 0


async def test_request_larger_than_the_stated_limit_fails(tmp_path: Path) -> None:
    place = make_place(tmp_path)

    async with place.open() as bench:
        await submit(bench.desk, chat_request("a"), chat_request("b", prompt_tokens=900))
        place.provider.fail("000001", "token_limit_exceeded", STATED.format("500"))
        await bench.desk.collect()
        await submit(bench.desk, chat_request("a"), chat_request("b", prompt_tokens=900))

    failed = place.settled["b"]
    assert isinstance(failed, Failed)
    assert failed.code == "request_too_large"
    assert place.provider.custom_ids("000002") == ["a"]


async def test_guess_made_when_others_were_in_the_way_gives_no_request_up(tmp_path: Path) -> None:
    place = make_place(tmp_path)

    async with place.open(poll_s=10.0, max_poll_s=600.0) as bench:
        await submit(bench.desk, chat_request("a"))
        place.provider.fail("000001", "token_limit_exceeded", STATED.format("90,000"))
        await bench.desk.collect()
        waiting = await submit(bench.desk, chat_request("a"))
        await note_pass(bench.desk, waiting)
        pause_s = bench.desk.next_poll_s()
        place.clock.go(hours=2)
        later = await submit(bench.desk)

    assert (waiting, later) == (1, 0)
    assert pause_s == ROOM_S
    assert not place.settled


def test_limits_of_a_model_are_looked_up_once_for_all_its_requests() -> None:
    asked: list[str] = []

    def limit(model: str) -> int:
        asked.append(model)
        return 1_000

    room = Room(tokens_left=limit, most_tokens=limit, files_left=1)
    fitting = [not room.fits_never(m, 30) and room.take(m, 30, 0.0) for m in ("m", "n") * 5]

    assert all(fitting)
    assert sorted(asked) == ["m", "m", "n", "n"]


async def test_batches_an_hour_are_bounded(tmp_path: Path) -> None:
    place = make_place(tmp_path)

    async with place.open(max_requests=1, max_batches_per_hour=2) as bench:
        waiting = await submit(bench.desk, *map(chat_request, IDS))
        place.clock.go(minutes=59)
        before = await submit(bench.desk)
        place.clock.go(minutes=2)
        after = await submit(bench.desk)

    assert (waiting, before, after) == (1, 1, 0)


async def test_no_more_is_submitted_than_the_budget_holds(tmp_path: Path) -> None:
    place = make_place(tmp_path)

    async with place.open(cap_usd=0.14) as bench:  # 0.0605 a request at most, 0.035 in the end
        waiting = await submit(bench.desk, *map(chat_request, IDS))
        place.provider.end("000001")
        await bench.desk.collect()
        later = await submit(bench.desk)

    assert (waiting, later) == (1, 0)


async def test_where_money_was_short_outputs_are_limited_near_what_replies_take(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    ids = [f"r{number:02}" for number in range(60)]

    # $0.5105 a request at most, $0.035 in the end: 50 tokens are written where 1,000 may be
    async with place.open(cap_usd=20 * 0.5105 + 0.01) as bench:
        requests = [chat_request(each, output_tokens=1_000) for each in ids]
        waiting = await submit(bench.desk, *requests)
        await note_pass(bench.desk, waiting)
        place.provider.end("000001")
        await bench.desk.collect()
        left = await submit(bench.desk)
        bodies = [line["body"] for line in place.provider.lines("000002")]
        cut_off = [answered_line("r20", finish_reason="length")]
        place.provider.end("000002", output=[*cut_off, *map(answered_line, ids[21:])])
        await bench.desk.collect()
        await submit(bench.desk, chat_request("r20", output_tokens=1_000))
        asked_again = place.provider.lines("000003")[0]["body"]
        place.provider.end("000003", output=[answered_line("r20", finish_reason="length")])
        await bench.desk.collect()
        await submit(bench.desk, chat_request("r20", output_tokens=1_000))
        enlarged = place.provider.lines("000004")[0]["body"]

    assert (waiting, left) == (40, 0)
    assert {body["max_completion_tokens"] for body in bodies} == {62}  # 1.25 times 50
    assert asked_again["max_completion_tokens"] == 1_000  # its own, which was not tried yet
    assert enlarged["max_completion_tokens"] == 2_000


async def test_where_only_enqueued_tokens_were_short_outputs_keep_their_limits(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    ids = [f"r{number:02}" for number in range(60)]

    async with place.open(cap_usd=100.0, max_enqueued_tokens=40 * 20) as bench:
        requests = [chat_request(each, output_tokens=1_000) for each in ids]
        waiting = await submit(bench.desk, *requests)
        await note_pass(bench.desk, waiting)
        place.provider.end("000001")
        await bench.desk.collect()
        await submit(bench.desk)

    bodies = [line["body"] for line in place.provider.lines("000002")]
    assert waiting == 20
    assert {body["max_completion_tokens"] for body in bodies} == {1_000}


async def note_pass(desk: BatchDesk, waiting_count: int) -> None:
    """As a run does after it has submitted."""
    await desk.ledger.note_pass(waiting_count, lacks_money=desk.lacks_money)


async def test_run_without_room_in_its_budget_and_nothing_out_says_so(tmp_path: Path) -> None:
    place = make_place(tmp_path)

    async with place.open(cap_usd=0.05) as bench:
        with pytest.raises(QuotaError, match=r"the budget of \$0.0500 has no room"):
            await submit(bench.desk, chat_request("a"))
        left = len(bench.desk.outbox)
    async with place.open(cap_usd=1.0) as bench:
        await submit(bench.desk)

    assert left == 1
    assert place.provider.custom_ids("000001") == ["a"]


async def test_unknown_price_and_a_budget_are_refused(tmp_path: Path) -> None:
    place = make_place(tmp_path)

    async with place.open(cap_usd=1.0) as bench:
        with pytest.raises(ConfigError, match="the price of model 'unknown'"):
            await submit(bench.desk, chat_request("a", model="unknown"))
