"""The Batch API of the stand-in, read by the official client over real sockets."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import openai
import orjson
import pytest
from openai.types import Batch
from openai.types.chat import ChatCompletion
from openai.types.create_embedding_response import CreateEmbeddingResponse

from tests.integration.openai_server.clients import served
from tests.openai_server import BatchRules, Faults, FileRules

CHAT: Any = "/v1/chat/completions"
ENDED = ("completed", "failed", "expired", "cancelled")


def body(text: str, model: str = "gpt-6-luna", **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


def line(name: str, **changes: Any) -> bytes:
    request = {"custom_id": name, "method": "POST", "url": CHAT, "body": body(name)}
    return orjson.dumps({**request, **changes}) + b"\n"


def lines(count: int) -> bytes:
    return b"".join(line(f"r{number}") for number in range(count))


async def create(
    client: openai.AsyncOpenAI, content: bytes, endpoint: Any = CHAT, **more: Any
) -> Batch:
    file = await client.files.create(file=("in.jsonl", content), purpose="batch")
    return await client.batches.create(
        input_file_id=file.id, endpoint=endpoint, completion_window="24h", **more
    )


async def end(client: openai.AsyncOpenAI, batch: Batch) -> Batch:
    async with asyncio.timeout(10):
        while batch.status not in ENDED:
            await asyncio.sleep(0.01)
            batch = await client.batches.retrieve(batch.id)
    return batch


async def run(client: openai.AsyncOpenAI, content: bytes, endpoint: Any = CHAT) -> Batch:
    return await end(client, await create(client, content, endpoint))


async def rows(client: openai.AsyncOpenAI, file_id: str | None) -> list[dict[str, Any]]:
    if not file_id:
        return []
    content = (await client.files.content(file_id)).content
    return [orjson.loads(each) for each in content.splitlines()]


def counts(batch: Batch) -> tuple[int, int, int]:
    assert batch.request_counts is not None
    return (
        batch.request_counts.total,
        batch.request_counts.completed,
        batch.request_counts.failed,
    )


def ids(answers: Sequence[dict[str, Any]]) -> list[str]:
    return [answer["custom_id"] for answer in answers]


async def test_batch_answers_every_line_as_a_live_call_does_in_another_order() -> None:
    async with served() as (server, client):
        batch = await run(client, lines(30))
        answers = await rows(client, batch.output_file_id)
        live = await client.post("/chat/completions", cast_to=ChatCompletion, body=body("r7"))
        totals = server.totals()

    assert batch.status == "completed"
    assert (counts(batch), batch.error_file_id, batch.errors) == ((30, 30, 0), None, None)
    assert sorted(ids(answers)) == sorted(f"r{number}" for number in range(30))
    assert ids(answers) != [f"r{number}" for number in range(30)]
    (row,) = (answer for answer in answers if answer["custom_id"] == "r7")
    assert (row["error"], row["response"]["status_code"]) == (None, 200)
    assert ChatCompletion.model_validate(row["response"]["body"]) == live
    assert batch.usage is not None
    assert batch.usage.input_tokens == totals["batch_prompt_tokens"]
    assert (totals["calls"], totals["billed_calls"], totals["batch_billed"]) == (1, 31, 30)
    assert totals["billed_twice"] == 1  # r7, live and in the batch


async def test_embeddings_batch_has_the_vectors_of_a_live_call() -> None:
    request: dict[str, Any] = {"model": "text-embedding-3-small", "input": ["some words"]}
    async with served() as (_, client):
        content = line("e", url="/v1/embeddings", body=request)
        batch = await run(client, content, "/v1/embeddings")
        (row,) = await rows(client, batch.output_file_id)
        live = await client.embeddings.create(**request, encoding_format="float")

    assert CreateEmbeddingResponse.model_validate(row["response"]["body"]) == live


async def test_states_are_passed_one_after_the_other_with_counts_0_while_validating() -> None:
    rules = BatchRules(validating_s=0.05, in_progress_s=0.05, finalizing_s=0.05)
    async with served(batches=rules) as (_, client):
        batch = await create(client, lines(4), metadata={"run": "a"})
        seen = {batch.status: counts(batch)}
        while batch.status not in ENDED:
            await asyncio.sleep(0.01)
            batch = await client.batches.retrieve(batch.id)
            seen[batch.status] = counts(batch)

    assert list(seen) == ["validating", "in_progress", "finalizing", "completed"]
    assert (seen["validating"], seen["completed"]) == ((0, 0, 0), (4, 4, 0))
    assert batch.metadata == {"run": "a"}
    assert batch.in_progress_at
    assert batch.finalizing_at
    assert batch.completed_at
    assert batch.expires_at == batch.created_at + 86_400


@pytest.mark.parametrize(
    ("content", "code", "line_number", "param"),
    [
        (b"", "empty_file", None, None),
        (line("a") + b"{\n", "invalid_json_line", 2, None),
        (line("a", custom_id=None), "missing_required_parameter", 1, "custom_id"),
        (line("a", body="x"), "missing_required_parameter", 1, "body"),
        (line("a") * 2, "duplicate_custom_id", 2, "custom_id"),
        (line("a", method="GET"), "invalid_method", 1, "method"),
        (line("a", url="/v1/embeddings"), "url_mismatch", 1, "url"),
        (line("a") + line("b", body=body("b", "gpt-6.1-sol")), "model_mismatch", 2, "body.model"),
        (line("a", body=body("a", "gpt-2")), "model_not_found", 1, "body.model"),
        (line("a", body={}), "missing_required_parameter", 1, "body"),
        (lines(6), "too_many_tasks", None, None),
        (line("a", body=body("x" * 2_000)), "file_too_large", None, None),
    ],
)
async def test_validation_fails_with_code_line_and_parameter(
    content: bytes, code: str, line_number: int | None, param: str | None
) -> None:
    async with served(batches=BatchRules(max_requests=5, max_bytes=2_000)) as (server, client):
        batch = await run(client, content)

    assert batch.status == "failed"
    assert batch.errors is not None
    assert batch.errors.data is not None
    first = batch.errors.data[0]
    assert (first.code, first.line, first.param) == (code, line_number, param)
    assert counts(batch) == (0, 0, 0)
    assert (batch.output_file_id, batch.error_file_id) == (None, None)
    assert server.totals()["billed_calls"] == 0


async def test_enqueued_tokens_are_limited_until_a_batch_has_ended() -> None:
    rules = BatchRules(in_progress_s=0.2, enqueued_tokens={"gpt-6-luna": 30})
    async with served(batches=rules) as (server, client):
        first = await create(client, lines(5))
        while server.batches.all()[0]["status"] != "in_progress":
            await asyncio.sleep(0.01)
        refused = await run(client, lines(2))
        enqueued = [batch["enqueued_tokens"] for batch in server.batches.all()]
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
    rules = BatchRules(in_progress_s=9, window_s=0.05, answered_share=0.3, unanswered=unanswered)
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
    rules = BatchRules(in_progress_s=9, cancelling_s=0.05)
    async with served(batches=rules) as (server, client):
        batch = await create(client, lines(10))
        while batch.status != "in_progress":
            batch = await client.batches.retrieve(batch.id)
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
    async with served(batches=BatchRules(validating_s=9)) as (server, client):
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


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("http_400", 400, "invalid_value"),
        ("http_429", 429, "rate_limit_exceeded"),
        ("http_500", 500, None),
        ("status_0", 0, None),
        ("request_timeout", None, "request_timeout"),
    ],
)
async def test_failed_lines_stand_in_the_error_file_unbilled(
    fault: Any, status: int | None, code: str | None
) -> None:
    rules = BatchRules(line_faults={fault: 1.0}, is_null_error_file_empty=True)
    async with served(batches=rules) as (server, client):
        batch = await run(client, lines(2))
        first, second = await rows(client, batch.error_file_id)

    assert (batch.status, batch.output_file_id) == ("completed", None)
    assert (counts(batch), server.totals()["batch_billed"]) == ((2, 0, 2), 0)
    assert {first["custom_id"], second["custom_id"]} == {"r0", "r1"}
    if status is None:
        assert (first["response"], first["error"]["code"]) == (None, code)
    else:
        assert (first["response"]["status_code"], first["error"]) == (status, None)
    if status:
        assert first["response"]["body"]["error"]["code"] == code


async def test_wrong_body_is_an_error_line_with_the_reason_of_a_live_call() -> None:
    content = line("a") + line("b", body=body("b", n=0))
    async with served() as (_, client):
        batch = await run(client, content)
        (row,) = await rows(client, batch.error_file_id)

    assert counts(batch) == (2, 1, 1)
    assert (row["custom_id"], row["response"]["status_code"]) == ("b", 400)
    assert row["response"]["body"]["error"]["param"] == "n"


async def test_missing_duplicate_and_unknown_lines_are_billed_once() -> None:
    shares = {"missing": 0.3, "duplicate": 0.3, "unknown_custom_id": 0.3}
    async with served(batches=BatchRules(line_faults=shares)) as (server, client):
        batch = await run(client, lines(60))
        answered = ids(await rows(client, batch.output_file_id))
        totals = server.totals()

    known = [each for each in answered if not each.endswith("-unknown")]
    assert 0 < len(set(known)) < 60
    assert len(known) > len(set(known))
    assert len(answered) > len(known)
    assert (totals["batch_billed"], totals["custom_ids_billed_twice"]) == (60, 0)


async def test_spoilt_lines_are_answered_with_their_finish_reason() -> None:
    async with served(batches=BatchRules(line_faults={"length": 1.0})) as (_, client):
        batch = await run(client, lines(1))
        (row,) = await rows(client, batch.output_file_id)

    assert row["response"]["body"]["choices"][0]["finish_reason"] == "length"


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
    async with served(batches=BatchRules(in_progress_s=0.1)) as (_, client):
        batch = await create(client, lines(1))
        while batch.status != "in_progress":
            batch = await client.batches.retrieve(batch.id)
        await client.files.delete(batch.input_file_id)
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
    async with served(batches=BatchRules(batches_per_hour=1, hour_s=0.2)) as (_, client):
        await create(client, lines(1))
        with pytest.raises(openai.RateLimitError, match="batches per hour"):
            await create(client, lines(1))
        await asyncio.sleep(0.25)
        await create(client, lines(1))


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
        waits_s = []
        while batch.status not in ENDED:
            asked_s = time.monotonic()
            batch = await client.batches.retrieve(batch.id)
            waits_s.append(time.monotonic() - asked_s)
        totals = server.totals()

    assert counts(batch) == (20_000, 20_000, 0)
    assert (totals["batch_billed"], totals["custom_ids_billed"]) == (20_000, 20_000)
    assert len(waits_s) > 10
