"""What becomes of the single lines of a batch, read by the official client."""

from typing import Any

import pytest
from openai.types.chat import ChatCompletion
from openai.types.create_embedding_response import CreateEmbeddingResponse

from tests.integration.openai_server.batch_calls import (
    body,
    counts,
    ids,
    line,
    lines,
    rows,
    run,
)
from tests.integration.openai_server.clients import served
from tests.openai_server import BatchRules


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
