"""Each file is uploaded once and each batch created once, whatever happens on the way."""

from collections import deque
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from engine.errors import (
    InterruptedRunError,
    RateLimitError,
    TransientError,
)
from engine.testing.calls import chat_request
from schemas.requests import CacheLayout, Prefix
from tests.rows import each_row
from tests.unit.engine.batch.desks import Crash, make_place, submit

IDS = ["a", "b", "c"]


LOST = TransientError("connection reset", code="connection_failed")


async def test_one_file_holds_one_model_and_one_purpose(tmp_path: Path) -> None:
    place = make_place(tmp_path)

    async with place.open() as bench:
        await submit(
            bench.desk,
            chat_request("a"),
            chat_request("b", model="other"),
            chat_request("c", purpose="judge"),
            chat_request("d"),
        )

    files = [place.provider.custom_ids(f"{number:06d}") for number in (1, 2, 3)]
    assert files == [["a", "d"], ["b"], ["c"]]


async def test_copy_of_a_run_does_not_take_the_files_of_the_other_for_its_own(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    copy = place._replace(folder=tmp_path / "copy")
    copy.folder.mkdir()

    async with place.open() as bench:
        await submit(bench.desk, chat_request("a"))
    place.provider.faults["upload"] = deque([LOST])
    async with copy.open() as bench:
        with pytest.raises(TransientError):
            await submit(bench.desk, chat_request("b"))
        await bench.desk.collect()

    assert len(place.provider.files) == len(place.provider.batches) == 2


@each_row("call", ["upload", "create"])
async def test_call_whose_reply_was_lost_is_not_made_again(call: str, tmp_path: Path) -> None:
    place = make_place(tmp_path)
    place.provider.late_faults[call] = deque([LOST])

    async with place.open(settle_s=15.0) as bench:
        with pytest.raises(TransientError):
            await submit(bench.desk, *map(chat_request, IDS))
        await bench.desk.collect()

    assert place.provider.calls[call] == 1
    assert len(place.provider.files) == len(place.provider.batches) == 1
    assert place.clock.slept_s == [15.0]


@each_row("call", ["upload", "create"])
async def test_call_that_did_not_arrive_is_made_again(call: str, tmp_path: Path) -> None:
    place = make_place(tmp_path)
    place.provider.faults[call] = deque([LOST])

    async with place.open() as bench:
        with pytest.raises(TransientError):
            await submit(bench.desk, *map(chat_request, IDS))
        await bench.desk.collect()

    assert place.provider.calls[call] == 2
    assert len(place.provider.files) == len(place.provider.batches) == 1


async def test_new_process_waits_until_lists_can_show_what_the_last_one_did(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    place.provider.late_faults["upload"] = deque([Crash()])

    with pytest.raises(Crash):
        async with place.open(settle_s=15.0) as bench:
            await submit(bench.desk, *map(chat_request, IDS))
    place.clock.go(seconds=300)  # an upload may take long: the time of the intent says nothing
    async with place.open(settle_s=15.0) as bench:
        await bench.desk.collect()

    assert place.provider.called_at_s["find_file"] == 315.0
    assert place.provider.calls["upload"] == 1
    assert len(place.provider.batches) == 1


async def test_file_that_is_not_found_at_first_is_waited_for(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    place.provider.hidden["file-1"] = 3

    async with place.open() as bench:
        await submit(bench.desk, *map(chat_request, IDS))

    assert place.clock.slept_s == [0.5, 1.0, 2.0]
    assert len(place.provider.batches) == 1


async def test_batch_whose_file_is_gone_gives_its_requests_back(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    place.provider.faults["create"] = deque([LOST])

    async with place.open() as bench:
        with pytest.raises(TransientError):
            await submit(bench.desk, *map(chat_request, IDS))
        place.provider.files.clear()
        with pytest.raises(TransientError, match="not found at the provider yet"):
            await bench.desk.collect()
        place.clock.go(hours=1)
        await bench.desk.collect()  # now it counts as refused
        await bench.desk.collect()

        assert not bench.desk.out
        assert await submit(bench.desk, *map(chat_request, IDS)) == 0
        assert len(bench.desk.out) == 1


async def test_batch_that_cannot_be_created_yet_does_not_hold_up_what_has_ended(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    too_many = RateLimitError("429", code="rate_limit_exceeded", status=429)
    place.provider.faults["create"] = deque([None, too_many, too_many])

    async with place.open(max_requests=1) as bench:
        with pytest.raises(RateLimitError):
            await submit(bench.desk, chat_request("a"), chat_request("b"))
        place.provider.end("000001")
        with pytest.raises(RateLimitError):
            await bench.desk.collect()

    assert place.settled.keys() == {"a"}


async def test_stop_while_packing_leaves_everything_for_the_next_process(tmp_path: Path) -> None:
    place = make_place(tmp_path)

    async with place.open() as bench:
        for request in map(chat_request, IDS):
            await bench.desk.spool(request)
        bench.stopping.request(InterruptedRunError(2))
        with pytest.raises(InterruptedRunError):
            await bench.desk.submit_outbox()
    async with place.open() as bench:
        left = len(bench.desk.outbox)
        await bench.desk.submit_outbox()

    assert left == 3
    assert place.provider.custom_ids("000001") == IDS


async def test_files_that_a_killed_process_left_are_removed(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    async with place.open() as bench:
        await submit(bench.desk, chat_request("a"))
    files_dir = tmp_path / "batches"
    for name in ("000002.jsonl", "000001.output.jsonl.part"):
        (files_dir / name).write_bytes(b"half a li")

    async with place.open():
        left = {path.name for path in files_dir.iterdir()}

    assert left == {"000001.jsonl", "outbox.jsonl", "attempts.jsonl"}


async def test_name_of_a_batch_is_never_used_twice(tmp_path: Path) -> None:
    """A file that stays empty must not leave a gap: names are counted from the last one."""
    place = make_place(tmp_path)

    async with place.open(max_enqueued_tokens=30) as bench:
        await submit(
            bench.desk,
            chat_request("a"),
            chat_request("b", model="m", purpose="judge"),
            chat_request("c", model="n"),
        )
        await submit(bench.desk, chat_request("d", model="o"))
        names = [batch.name for batch in bench.desk.out]

    assert names == ["000001", "000002", "000003"]
    assert place.provider.custom_ids("000003") == ["d"]


async def test_old_batches_are_polled_seldom_and_many_in_one_call(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    poll_count = 0

    async with place.open(max_requests=1, poll_s=10.0, max_poll_s=600.0) as bench:
        await submit(bench.desk, *map(chat_request, IDS))
        while place.clock.monotonic_s() < 12 * 3600:
            place.clock.go(seconds=bench.desk.next_poll_s())
            await bench.desk.collect()
            poll_count += 1

    assert poll_count <= 12 * 6 + 60
    assert place.provider.calls["list_states"] == poll_count
    assert place.provider.calls["retrieve"] == 0


@each_row("is_marked, key_count", [(False, 0), (True, 1)])
async def test_batch_line_has_no_tier_and_marks_prefixes_only_where_that_was_seen_to_pay(
    tmp_path: Path, *, is_marked: bool, key_count: int
) -> None:
    place = make_place(tmp_path)
    layout = CacheLayout("k", (Prefix("p", 0, 1, 1_100),), is_explicit=True)
    way = b'"service_tier":"priority","store":false'

    async with place.open(prompt_cache=is_marked) as bench:
        await submit(bench.desk, replace(chat_request("abc"), way=way, cache=layout))

    ((_, content),) = place.provider.files.items()
    body = orjson.loads(content)["body"]
    assert body["store"] is False
    assert "service_tier" not in body
    assert body["prompt_cache_options"] == {"mode": "explicit"}
    assert content.count(b"prompt_cache_key") == content.count(b"breakpoint") == key_count
