"""Result files that are late, gone, cut off or empty, and their removal."""

from collections import deque
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest

from engine.errors import (
    AuthError,
    NotFoundError,
    RequestError,
    TransientError,
)
from engine.testing.batch_provider import answered_line, refused_line, untried_line
from engine.testing.calls import chat_request
from schemas.outcomes import Completed
from tests.rows import each_row, told_with
from tests.unit.engine.batch.desks import make_place, submit

IDS = ["a", "b", "c"]


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


async def test_requests_that_are_all_in_the_error_file_are_not_waited_for_elsewhere(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)

    async with place.open() as bench:
        await submit(bench.desk, *map(chat_request, IDS))
        place.provider.end(
            "000001", output=(), errors=[refused_line(id_, 400, "bad") for id_ in IDS]
        )
        (batch_id, batch), *_ = place.provider.batches.items()
        counted_as_done = {"done_count": 3, "error_count": 0, "output_file_id": ""}
        remote = batch.remote.model_copy(update=counted_as_done)
        place.provider.batches[batch_id] = batch._replace(remote=remote)
        await bench.desk.collect()

    assert place.settled.keys() == set(IDS)
    assert not any(isinstance(outcome, Completed) for outcome in place.settled.values())


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


DAMAGES: list[Callable[[bytes], bytes]] = [
    lambda whole: whole[:-40],
    lambda whole: whole[: whole.index(b"\n") + 1],  # at the end of a line
    lambda whole: b"",
    lambda whole: b"<html><h1>Bad gateway</h1></html>",
    lambda whole: b"<html>\n<h1>Bad gateway</h1>\n</html>\n",
    lambda whole: b'{"error":{"message":"busy"}',
    lambda whole: b'{"error":{"message":"busy"}}\n',
]


async def test_result_file_that_did_not_come_whole_is_fetched_again(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    batches = [[f"{number}-{id_}" for id_ in IDS] for number in range(len(DAMAGES))]

    async with place.open(max_requests=len(IDS)) as bench:
        await submit(bench.desk, *map(chat_request, chain.from_iterable(batches)))
        remote_batches = list(place.provider.batches)
        for number, (damage, ids) in enumerate(zip(DAMAGES, batches, strict=True)):
            place.provider.end(f"{number + 1:06}")
            file_id = place.provider.batches[remote_batches[number]].remote.output_file_id
            whole = place.provider.files[file_id]
            place.provider.files[file_id] = damage(whole)
            with told_with(number, damage(whole)):
                with pytest.raises(TransientError, match="did not come whole"):
                    await bench.desk.collect()
                place.provider.files[file_id] = whole
                await bench.desk.collect()
                assert place.settled.keys() >= set(ids)


async def test_result_file_with_too_few_lines_each_time_is_taken_as_it_is(tmp_path: Path) -> None:
    place = make_place(tmp_path)

    async with place.open() as bench:
        await submit(bench.desk, *map(chat_request, IDS))
        place.provider.end("000001")
        file_id = str(next(iter(place.provider.batches.values())).remote.output_file_id)
        first, *_ = place.provider.files[file_id].splitlines(keepends=True)
        place.provider.files[file_id] = first
        with pytest.raises(TransientError, match="did not come whole"):
            await bench.desk.collect()
        await bench.desk.collect()

    assert len(place.settled) == 1
    assert bench.desk.ledger.get("000001").tally.returned == len(IDS) - 1


@each_row("is_there", [True, False])
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
