"""Batches that the provider refuses, has cancelled or does not know."""

from collections import deque
from pathlib import Path

import pytest

from engine.errors import (
    AuthError,
    ConfigError,
    FatalError,
    NotFoundError,
    RequestError,
    TransientError,
)
from engine.testing.calls import chat_request
from schemas.outcomes import Failed
from tests.unit.engine.batch.desks import make_place, submit

IDS = ["a", "b", "c"]


async def test_refused_key_ends_the_run_and_what_was_intended_is_submitted_later(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    place.provider.faults["upload"] = deque([AuthError("401")])

    async with place.open() as bench:
        with pytest.raises(AuthError):
            await submit(bench.desk, *map(chat_request, IDS))
        assert bench.desk.is_out("a")
        await bench.desk.collect()

    assert place.provider.custom_ids("000001") == IDS


async def test_batches_refused_again_and_again_stop_the_run_and_name_the_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = make_place(tmp_path)

    async with place.open() as bench:
        for number in (1, 2, 3):
            await submit(bench.desk, *map(chat_request, IDS))
            place.provider.fail(f"{number:06d}", "model_mismatch", "another model", line=2)
            if number < 3:
                await bench.desk.collect()
        with pytest.raises(FatalError) as stopped:
            await bench.desk.collect()

    assert "3 batches in a row" in str(stopped.value)
    assert "model_mismatch: another model" in str(stopped.value)
    assert "line 2 of" in str(stopped.value)
    assert "request b, purpose answers" in str(stopped.value)
    assert caplog.text.count("was refused as a whole: model_mismatch") == 2
    assert not place.settled


async def test_batch_that_the_provider_refuses_to_create_counts_as_refused(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    refusal = RequestError("400 invalid_value: endpoint", code="invalid_value", status=400)
    place.provider.faults["create"] = deque([refusal])

    async with place.open() as bench:
        await submit(bench.desk, *map(chat_request, IDS))
        await bench.desk.collect()
        is_out = bench.desk.is_out("a")

    assert not is_out
    assert place.provider.files == {}


async def test_request_too_large_for_any_batch_fails_at_once(tmp_path: Path) -> None:
    place = make_place(tmp_path)

    async with place.open(max_file_mb=0.001) as bench:
        long = chat_request("a" * 2000)
        await submit(bench.desk, long, chat_request("b"))

    failed = place.settled[long.request_id]
    assert isinstance(failed, Failed)
    assert failed.code == "request_too_large"
    assert place.provider.custom_ids("000001") == ["b"]


async def test_cancelled_batches_are_told_once(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    conflict = TransientError("409 it has ended", code="conflict", status=409)

    async with place.open(max_requests=1) as bench:
        await submit(bench.desk, *map(chat_request, IDS))
        place.provider.end("000002")
        refusal = RequestError("400 it has ended", code="x", status=400)
        place.provider.faults["cancel"] = deque([None, conflict, refusal])
        first = await bench.desk.cancel(bench.desk.out)
        second = await bench.desk.cancel(bench.desk.out[:1])

    assert (first, second) == (3, 0)
    assert place.provider.calls["cancel"] == 3
    assert [batch.remote.status for batch in bench.desk.out] == [
        "cancelling",
        "completed",
        "in_progress",
    ]


async def test_batch_that_is_not_found_is_waited_for_and_then_names_the_account(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    missing = NotFoundError("404", status=404)

    async with place.open() as bench:
        await submit(bench.desk, *map(chat_request, IDS))
        place.provider.faults["retrieve"] = deque([missing, missing])
        with pytest.raises(TransientError, match="not found at the provider yet"):
            await bench.desk.collect()
        place.clock.go(hours=1)
        with pytest.raises(ConfigError, match="those of the account that submitted it"):
            await bench.desk.collect()
        await bench.desk.collect()

    assert len(bench.desk.out) == 1
