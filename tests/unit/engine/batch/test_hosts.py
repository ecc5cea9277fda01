"""Hosts that differ from OpenAI: no Batch API, files that take their time, other lists, limits."""

from collections import deque
from itertools import product
from pathlib import Path

import pytest

from engine.batch.refusals import NoBatchApiError
from engine.errors import (
    ConfigError,
    EngineError,
    NotFoundError,
    RateLimitError,
    RequestError,
    TransientError,
)
from engine.testing.calls import chat_request
from schemas.batches import RemoteState
from tests.rows import each_row, told_with
from tests.unit.engine.batch.desks import make_place, submit

IDS = ["a", "b", "c"]
LOST = TransientError("connection reset", code="connection_failed")


def not_served(status: int) -> EngineError:
    if status == 501:
        return TransientError("501 not implemented", code="http_501", status=status)
    return NotFoundError(f"{status} Not Found", status=status)


async def test_host_without_batches_is_named_and_everything_comes_back(tmp_path: Path) -> None:
    place = make_place(tmp_path)

    async with place.open(max_requests=2) as bench:
        for number, (call, status) in enumerate(product(["upload", "create"], [404, 405, 501])):
            place.provider.faults[call] = deque([not_served(status)])
            with told_with(number, (call, status)):
                with pytest.raises(
                    NoBatchApiError, match=r"no Batch API at this address.*--lane live"
                ):
                    await submit(bench.desk, *map(chat_request, IDS))
                assert not place.provider.faults[call]
                assert not bench.desk.out
                assert not any(map(bench.desk.is_out, IDS))
    assert not place.provider.batches


async def test_file_that_is_missing_when_a_batch_is_made_is_not_taken_for_a_missing_api(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    missing = NotFoundError("404 No such File object: file-1", status=404)
    place.provider.faults["create"] = deque([missing])

    async with place.open() as bench:
        await submit(bench.desk, *map(chat_request, IDS))
        await bench.desk.collect()
        assert await submit(bench.desk, *map(chat_request, IDS)) == 0

    assert len(place.provider.batches) == 1


async def test_file_that_is_pending_is_waited_for_and_uploaded_once(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    place.provider.states["file-1"] = "pending"

    async with place.open() as bench:
        for _ in range(3):
            with pytest.raises(TransientError, match="file-1 is pending"):
                await submit(
                    bench.desk, *(chat_request(i) for i in IDS if not bench.desk.is_out(i))
                )
            place.clock.go(minutes=15)
        place.provider.states["file-1"] = "ready"
        await bench.desk.collect()

    assert place.provider.calls["upload"] == place.provider.calls["create"] == 1
    assert len(place.provider.batches) == 1


async def test_host_whose_files_stay_pending_is_asked_all_the_same_in_the_end(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    place.provider.states["file-1"] = "pending"

    async with place.open() as bench:
        with pytest.raises(TransientError):
            await submit(bench.desk, *map(chat_request, IDS))
        place.clock.go(hours=2)
        await bench.desk.collect()

    assert len(place.provider.batches) == 1


async def test_refusal_because_the_file_is_not_ready_is_waited_for(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    text = "400 invalidPayload: The file is not in a processed state. Please wait until it is."
    refusal = RequestError(text, code="invalidPayload", status=400)
    place.provider.faults["create"] = deque([refusal, refusal])

    async with place.open() as bench:
        for _ in range(2):
            with pytest.raises(TransientError, match="not in a processed state"):
                await submit(
                    bench.desk, *(chat_request(i) for i in IDS if not bench.desk.is_out(i))
                )
        await bench.desk.collect()

    assert place.provider.calls["upload"] == 1
    assert len(place.provider.batches) == 1


async def test_batch_whose_creation_was_not_answered_is_found_by_its_file(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    place.provider.late_faults["create"] = deque([LOST])

    async with place.open() as bench:
        with pytest.raises(TransientError):
            await submit(bench.desk, *map(chat_request, IDS))
        for batch_id, made in place.provider.batches.items():
            place.provider.batches[batch_id] = made._replace(metadata={})
        await bench.desk.collect()
        (batch,) = bench.desk.out

    assert place.provider.calls["create"] == 1
    assert batch.remote.batch_id in place.provider.batches


async def test_host_that_lists_no_batches_leaves_it_to_the_user_whether_one_was_made(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    place.provider.late_faults["create"] = deque([LOST])
    place.provider.faults["find"] = deque([not_served(404)])

    async with place.open() as bench:
        with pytest.raises(TransientError):
            await submit(bench.desk, *map(chat_request, IDS))
        with pytest.raises(ConfigError, match=rf"`distill batches {tmp_path} --forget 000001`"):
            await bench.desk.collect()

    assert place.provider.calls["create"] == 1


@each_row(
    "refusal",
    [
        RateLimitError("429 Enqueued token limit. Limit: 50 tokens", code="x", status=429),
        RateLimitError("429 too much. Limit: 50", code="token_limit_exceeded", status=429),
        RequestError("400 too much. Limit: 50", code="token_limit_exceeded", status=400),
    ],
)
async def test_limit_of_tokens_that_refuses_the_creation_is_learnt(
    refusal: EngineError, tmp_path: Path
) -> None:
    place = make_place(tmp_path)
    place.provider.faults["create"] = deque([refusal])

    async with place.open() as bench:
        await submit(bench.desk, *map(chat_request, IDS))
        await bench.desk.collect()
        waiting = await submit(bench.desk, *map(chat_request, IDS))

    assert waiting == 1
    assert place.provider.custom_ids("000002") == ["a", "b"]


async def test_batch_that_the_provider_lost_names_the_way_out_and_holds_up_no_other(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)

    async with place.open(max_requests=1) as bench:
        await submit(bench.desk, chat_request("a"), chat_request("b"))
        place.provider.end("000002")
        lost_id = bench.desk.ledger.get("000001").remote.batch_id
        place.provider.faults["retrieve"] = deque([not_served(404)])
        place.clock.go(hours=1)
        with pytest.raises(ConfigError, match=rf"--forget {lost_id}` gives it up: the \$0.0605"):
            await bench.desk.collect()

    assert place.settled.keys() == {"b"}


@pytest.mark.parametrize(
    ("status", "age", "words"),
    [
        ("in_progress", {"hours": 26}, "is 26 hours old and in_progress"),
        ("cancelling", {"hours": 3}, "has been cancelling for 3 hours"),
        ("completed", {"hours": 4}, "ended 4 hours ago, and its results could not be fetched"),
    ],
)
async def test_what_takes_too_long_is_named_once_with_the_way_out(
    status: str, age: dict[str, float], words: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = make_place(tmp_path)

    async with place.open() as bench:
        await submit(bench.desk, *map(chat_request, IDS))
        (batch,) = bench.desk.out
        remote = RemoteState(status=status, output_file_id="file-x")
        await bench.desk.ledger.note_polled(batch.name, remote)
        place.provider.batches[batch.remote.batch_id] = place.provider.batches[
            batch.remote.batch_id
        ]._replace(remote=batch.remote.with_news(remote))
        place.clock.go(**age)
        place.provider.faults["download"] = deque([LOST] * 2)
        for _ in range(2):
            try:
                await bench.desk.collect()
            except TransientError:
                """Its results cannot be fetched."""

    assert caplog.text.count(words) == 1
