"""The Batch API of the stand-in, read by the official client over real sockets."""

from typing import Any

import openai
import pytest

from tests.integration.openai_server.batch_calls import (
    CHAT,
    ENDED,
    counts,
    create,
    end,
    follow,
    ids,
    lines,
    rows,
    run,
    wait_for,
)
from tests.integration.openai_server.clients import served
from tests.openai_server import BatchRules, Faults, FileRules


async def test_states_are_passed_one_after_the_other_with_counts_0_while_validating() -> None:
    phases = {"validating_s": 99.0, "in_progress_s": 99.0, "finalizing_s": 99.0}
    seen: dict[str, tuple[int, int, int]] = {}
    async with served(batches=BatchRules(**phases)) as (server, client):
        batch = await create(client, lines(4), metadata={"run": "a"})
        for phase, status in zip(phases, ("validating", "in_progress", "finalizing"), strict=True):
            batch = await wait_for(client, batch, status)
            seen[status] = counts(batch)
            phases[phase] = 0.0
            await follow(server, **phases)
        batch = await end(client, batch)

    assert (seen["validating"], seen["in_progress"][0]) == ((0, 0, 0), 4)
    assert (batch.status, counts(batch)) == ("completed", (4, 4, 0))
    assert batch.metadata == {"run": "a"}
    assert batch.in_progress_at
    assert batch.finalizing_at
    assert batch.completed_at
    assert batch.expires_at == batch.created_at + 86_400


async def test_enqueued_tokens_are_limited_until_a_batch_has_ended() -> None:
    limit = {"gpt-6-luna": 30}
    rules = BatchRules(in_progress_s=99, enqueued_tokens=limit)
    async with served(batches=rules) as (server, client):
        first = await wait_for(client, await create(client, lines(5)), "in_progress")
        refused = await run(client, lines(2))
        enqueued = [batch["enqueued_tokens"] for batch in server.batches.all()]
        await follow(server, enqueued_tokens=limit)
        first = await end(client, first)
        again = await run(client, lines(2))

    assert (first.status, refused.status, again.status) == ("completed", "failed", "completed")
    assert refused.errors is not None
    assert refused.errors.data is not None
    (problem,) = refused.errors.data
    assert problem.code == "token_limit_exceeded"
    assert problem.message is not None
    assert "Limit: 30 enqueued tokens" in problem.message
    assert enqueued == [25, 0]


@pytest.mark.parametrize("unanswered", ["error_file", "nowhere"])
async def test_expired_batch_keeps_and_bills_what_was_answered(unanswered: Any) -> None:
    rules = BatchRules(in_progress_s=99, window_s=0.05, answered_share=0.3, unanswered=unanswered)
    async with served(batches=rules) as (server, client):
        batch = await run(client, lines(10))
        answers = await rows(client, batch.output_file_id)
        errors = await rows(client, batch.error_file_id)
        billed = server.totals()["batch_billed"]

    assert (batch.status, counts(batch)) == ("expired", (10, 3, 0))
    assert batch.expired_at
    assert (len(answers), billed) == (3, 3)
    assert len(errors) == (7 if unanswered == "error_file" else 0)
    assert all(row["response"] is None for row in errors)
    assert all(row["error"]["code"] == "batch_expired" for row in errors)


async def test_cancelled_batch_goes_through_cancelling_and_keeps_its_answers() -> None:
    rules = BatchRules(in_progress_s=99, cancelling_s=0.05)
    async with served(batches=rules) as (server, client):
        batch = await wait_for(client, await create(client, lines(10)), "in_progress")
        cancelling = await client.batches.cancel(batch.id)
        batch = await end(client, cancelling)
        answers = await rows(client, batch.output_file_id)
        errors = await rows(client, batch.error_file_id)
        with pytest.raises(openai.ConflictError, match="status 'cancelled'"):
            await client.batches.cancel(batch.id)
        billed = server.totals()["batch_billed"]

    assert (cancelling.status, batch.status) == ("cancelling", "cancelled")
    assert (len(answers), billed) == (5, 5)
    assert {row["error"]["code"] for row in errors} == {"batch_cancelled"}
    assert sorted(ids(answers) + ids(errors)) == sorted(f"r{number}" for number in range(10))


async def test_batch_cancelled_while_validating_has_answered_nothing() -> None:
    async with served(batches=BatchRules(validating_s=99)) as (server, client):
        batch = await create(client, lines(3))
        await client.batches.cancel(batch.id)
        batch = await end(client, batch)

    assert (batch.status, batch.output_file_id) == ("cancelled", None)
    assert server.totals()["batch_billed"] == 0


async def test_each_batch_may_have_an_ending_of_its_own() -> None:
    rules = BatchRules(endings={1: "failed", 2: "expired", 3: "cancelled"})
    async with served(batches=rules) as (_, client):
        endings = [(await run(client, lines(2))).status for _ in range(4)]

    assert endings == ["failed", "expired", "cancelled", "completed"]


async def test_null_error_file_may_be_an_empty_string() -> None:
    async with served(batches=BatchRules(is_null_error_file_empty=True)) as (_, client):
        batch = await run(client, lines(1))

    assert batch.error_file_id == ""


async def test_output_disappears_after_its_lifetime() -> None:
    async with served(batches=BatchRules(output_lifetime_s=0)) as (_, client):
        batch = await run(client, lines(1))
        assert batch.output_file_id is not None
        with pytest.raises(openai.NotFoundError):
            await client.files.content(batch.output_file_id)


async def test_file_that_is_not_found_fails_the_batch_or_the_call() -> None:
    hidden = FileRules(hidden_calls=1)
    async with served(files=hidden) as (_, client):
        failed = await run(client, lines(1))
    async with served(files=hidden, batches=BatchRules(missing_file="refused")) as (_, client):
        with pytest.raises(openai.NotFoundError, match="No such File object"):
            await create(client, lines(1))

    assert failed.errors is not None
    assert failed.errors.data is not None
    assert failed.errors.data[0].code == "file_not_found"


async def test_batch_whose_input_is_deleted_before_its_end_fails() -> None:
    async with served(batches=BatchRules(in_progress_s=99)) as (server, client):
        batch = await wait_for(client, await create(client, lines(1)), "in_progress")
        await client.files.delete(batch.input_file_id)
        await follow(server)
        batch = await end(client, batch)

    assert batch.status == "failed"


async def test_listing_is_newest_first_with_other_peoples_batches() -> None:
    async with served(batches=BatchRules(others=2, others_between=1)) as (server, client):
        ours = [(await create(client, lines(1), metadata={"n": str(n)})).id for n in range(3)]
        listed = [batch async for batch in client.batches.list(limit=3)]
        shown = server.batches.all()

    assert [batch.id for batch in listed] == [batch["id"] for batch in reversed(shown)]
    assert [batch.id for batch in listed if batch.id in ours] == ours[::-1]
    assert len(listed) == 8
    assert listed[1].metadata == {"n": "2"}
    assert listed[0].metadata == {"owner": "somebody-else"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"completion_window": "1h"},
        {"endpoint": "/v1/nothing"},
        {"metadata": {f"k{number}": "" for number in range(17)}},
        {"metadata": {"k" * 65: ""}},
        {"metadata": {"k": "v" * 513}},
    ],
)
async def test_wrong_parameters_are_refused(wrong: dict[str, Any]) -> None:
    sound: dict[str, Any] = {"endpoint": CHAT, "completion_window": "24h"}
    async with served() as (server, client):
        with pytest.raises(openai.BadRequestError, match=next(iter(wrong))):
            await client.batches.create(input_file_id="file-x", **sound | wrong)

    assert server.batches.all() == []


async def test_batches_of_an_hour_are_limited() -> None:
    async with served(batches=BatchRules(batches_per_hour=1)) as (server, client):
        await create(client, lines(1))
        with pytest.raises(openai.RateLimitError, match="batches per hour"):
            await create(client, lines(1))
        await follow(server, batches_per_hour=1, hour_s=0)
        again = await create(client, lines(1))

    assert again.status == "validating"


async def test_reset_after_creating_leaves_a_batch_that_a_listing_finds() -> None:
    faults = {"create_batch": Faults(calls={1: "reset_before", 2: "reset_after"})}
    async with served(slow_faults=faults) as (server, client):
        for _ in range(2):
            with pytest.raises(openai.APIConnectionError):
                await create(client, lines(1), metadata={"run": "a"})
        (found,) = [batch async for batch in client.batches.list()]
        counted = server.slow_calls.counts()["create_batch"]

    assert found.metadata == {"run": "a"}
    assert counted == {"calls": 2, "0": 2}


async def test_server_answers_while_it_works_on_a_large_batch() -> None:
    rules = BatchRules(fixed_reply="Yes.", keeps_bills=False)
    async with served(batches=rules) as (server, client):
        batch = await create(client, lines(20_000))
        answered = 0
        while batch.status not in ENDED:
            batch = await client.batches.retrieve(batch.id)
            answered += 1
        totals = server.totals()

    assert counts(batch) == (20_000, 20_000, 0)
    assert (totals["batch_billed"], totals["custom_ids_billed"]) == (20_000, 20_000)
    assert answered > 10


async def test_batch_and_its_files_are_known_by_the_ids_that_they_are_given() -> None:
    async with served() as (server, client):
        batch = await run(client, lines(3))
        server.rename({batch.id: "batch_a", batch.input_file_id: "file-a"})
        renamed = await client.batches.retrieve("batch_a")
        server.rename({renamed.output_file_id or "": "file-b"})
        answered = await rows(client, "file-b")

        assert renamed.input_file_id == "file-a"
        assert (await client.files.retrieve("file-a")).id == "file-a"
        assert len(answered) == 3
        with pytest.raises(openai.NotFoundError):
            await client.batches.retrieve(batch.id)
