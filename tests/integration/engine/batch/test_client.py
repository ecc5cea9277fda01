"""Slow calls over real sockets: every fault becomes one of our errors, and none shows the key."""

import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from engine.batch.client import OWNER_KEY, BatchClient
from engine.clock import SystemClock
from engine.errors import AuthError, EngineError, QuotaError, RequestError, TransientError
from engine.wire.endpoints import Endpoint
from tests.openai_server.config import Faults, ServerConfig
from tests.openai_server.server import OpenAIServer
from tests.openai_server.slow.config import BatchRules, FileRules

LONG_AGO = datetime.now(UTC) - timedelta(days=1)
LINE = (
    b'{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":'
    b'{"model":"gpt-4.1-mini","messages":[{"role":"user","content":"Why?"}]}}\n'
)
URL = "/v1/chat/completions"
METADATA = {OWNER_KEY: "run"}
Call = Callable[[BatchClient, str, str, Path], Awaitable[Any]]
CALLS: dict[str, Call] = {
    "upload_file": lambda client, file, batch, path: client.upload(path, "b.jsonl"),
    "list_files": lambda client, file, batch, path: client.find_file("c.jsonl", LONG_AGO),
    "retrieve_file": lambda client, file, batch, path: client.file_state(file),
    "download_file": lambda client, file, batch, path: client.download(file, path / "out"),
    "delete_file": lambda client, file, batch, path: client.delete(file),
    "create_batch": lambda client, file, batch, path: client.create(file, URL, METADATA),
    "list_batches": lambda client, file, batch, path: client.find(
        {OWNER_KEY: "x"}, "file-x", LONG_AGO
    ),
    "retrieve_batch": lambda client, file, batch, path: client.retrieve(batch),
    "cancel_batch": lambda client, file, batch, path: client.cancel(batch),
}
FAULTS: dict[str, type[EngineError]] = {
    "server_error": TransientError,
    "server_is_overloaded": TransientError,
    "rate_limit_exceeded": TransientError,
    "conflict": TransientError,
    "reset_before": TransientError,
    "reset_after": TransientError,
    "cut_off": TransientError,
    "html": TransientError,
    "empty": TransientError,
    "hang": TransientError,
    "invalid_api_key": AuthError,
    "insufficient_quota": QuotaError,
    "invalid_request": RequestError,
}


@asynccontextmanager
async def opened(config: ServerConfig, timeout_s: float = 5.0) -> AsyncIterator[BatchClient]:
    async with OpenAIServer(config) as server:
        endpoint = Endpoint(server.base_url, server.api_key)
        client = BatchClient(endpoint, timeout_s=timeout_s, clock=SystemClock())
        try:
            yield client
        finally:
            await client.aclose()


@pytest.mark.parametrize("operation", CALLS)
async def test_every_fault_of_every_call_becomes_one_of_ours_and_shows_no_key(
    operation: str, tmp_path: Path
) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(LINE)
    rules = BatchRules(in_progress_s=60.0)

    async with OpenAIServer(ServerConfig(batches=rules)) as server:
        endpoint = Endpoint(server.base_url, server.api_key)
        client = BatchClient(endpoint, timeout_s=0.5, clock=SystemClock())
        file_id = await client.upload(path, "a.jsonl")
        batch = await client.create(file_id, URL, METADATA)
        target = path if operation == "upload_file" else tmp_path
        for fault, kind in FAULTS.items():
            if operation == "delete_file":  # one of the faults comes when it is gone
                file_id = await client.upload(path, "a.jsonl")
            faults = Faults(probabilities={fault: 1.0}, hang_s=1.0)
            config = ServerConfig(batches=rules, slow_faults={operation: faults})
            await server.configure(config)
            if is_gone_without_answer(operation, fault):
                continue
            with pytest.raises(kind) as raised:
                await CALLS[operation](client, file_id, str(batch.batch_id), target)
            shown = "".join(traceback.format_exception(raised.value))
            assert server.api_key not in shown, fault
        await client.aclose()

    assert not (tmp_path / "out").exists()


def is_gone_without_answer(operation: str, fault: str) -> bool:
    """A page with status 200 is, for a download, a file like any other: its lines are none."""
    return operation == "download_file" and fault in ("html", "empty")


async def test_what_is_not_there_is_told_from_what_is_wrong(tmp_path: Path) -> None:
    async with opened(ServerConfig()) as client:
        for call in (client.retrieve("batch_x"), client.download("file-x", tmp_path / "out")):
            with pytest.raises(RequestError) as raised:
                await call
            assert raised.value.code == "not_found"
        assert await client.file_state("file-x") == "missing"
        await client.delete("file-x")


async def test_own_batches_and_files_are_found_among_pages_of_others(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(LINE)
    rules = BatchRules(in_progress_s=60.0, others=150, others_between=120)
    files = FileRules(others=150, others_between=120)

    async with opened(ServerConfig(batches=rules, files=files)) as client:
        file_id = await client.upload(path, "a.jsonl")
        batch = await client.create(file_id, URL, METADATA)
        found_file = await client.find_file("a.jsonl", LONG_AGO)
        found = await client.find(METADATA, "file-x", LONG_AGO)
        states = await client.list_states({str(batch.batch_id), "batch_x", "batch_y"}, LONG_AGO)
        nothing = await client.find({OWNER_KEY: "x"}, "file-x", LONG_AGO)

    assert found_file == file_id
    assert found is not None
    assert found.batch_id == batch.batch_id
    assert states.keys() == {batch.batch_id}
    assert nothing is None


async def test_model_that_is_gone_stops_everything(tmp_path: Path) -> None:
    faults = Faults(probabilities={"model_not_found": 1.0})

    async with opened(ServerConfig(slow_faults={"create_batch": faults})) as client:
        with pytest.raises(EngineError, match="choose a model that is served"):
            await client.create("file-x", URL, METADATA)


@asynccontextmanager
async def listing(
    pages: Sequence[Sequence[object]],
) -> AsyncIterator[tuple[BatchClient, list[str]]]:
    """A client of a host whose list of batches gives these pages, the last one again and again."""
    asked: list[str] = []

    async def give(request: web.Request) -> web.Response:
        asked.append(request.query.get("after", ""))
        rows = list(pages[min(len(asked), len(pages)) - 1])
        return web.json_response({"object": "list", "data": rows, "has_more": True})

    app = web.Application()
    app.router.add_get("/v1/batches", give)
    app.router.add_get("/v1/files", give)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    client = BatchClient(
        Endpoint(f"http://127.0.0.1:{port}/v1", "key"), timeout_s=5.0, clock=SystemClock()
    )
    try:
        yield client, asked
    finally:
        await client.aclose()
        await runner.cleanup()


def row(batch_id: str, *, days_old: float = 0.0, **fields: object) -> dict[str, object]:
    created_at = int((datetime.now(UTC) - timedelta(days=days_old)).timestamp())
    batch = {"id": batch_id, "object": "batch", "created_at": created_at, "status": "x"}
    return {**batch, **fields}


async def test_list_that_gives_the_same_page_for_ever_ends() -> None:
    page = [row("batch_1"), row("batch_2")]

    async with listing([page]) as (client, asked):
        found = await client.find(METADATA, "file-x", LONG_AGO)
        states = await client.list_states({"batch_2", "b", "c"}, LONG_AGO)

    assert found is None
    assert states.keys() == {"batch_2"}
    assert len(asked) == 4


async def test_entries_of_a_list_that_are_no_objects_are_passed_over() -> None:
    odd: list[object] = [None, 7, "batch", {}, {"id": None, "created_at": 1}]
    file = {"id": "file-1", "object": "file", "filename": "ours.jsonl"}

    async with listing([[*odd, row("batch_1", input_file_id="file-1")]]) as (client, _):
        batch = await client.find(METADATA, "file-1", LONG_AGO)
    async with listing([[*odd, file]]) as (client, _):
        files = await client.list_files("ours")

    assert batch is not None
    assert batch.batch_id == "batch_1"
    assert [each.file_id for each in files] == ["file-1"]


async def test_batch_is_found_by_its_file_in_a_list_that_begins_with_the_oldest() -> None:
    old = [row(f"batch_{n}", days_old=30 - n / 100) for n in range(150)]
    ours = row("batch_ours", input_file_id="file-1", metadata=None, status="COMPLETED")

    async with listing([old[:100], [*old[100:], ours]]) as (client, _):
        found = await client.find(METADATA, "file-1", LONG_AGO)

    assert found is not None
    assert (found.batch_id, found.status) == ("batch_ours", "completed")


async def test_list_that_begins_with_the_newest_is_not_read_to_its_end() -> None:
    pages = [[row(f"batch_{p}_{n}", days_old=30 + p) for n in range(100)] for p in range(9)]

    async with listing(pages) as (client, asked):
        found = await client.find(METADATA, "file-1", LONG_AGO)

    assert found is None
    assert len(asked) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"created_at": None},
        {"request_counts": None, "errors": None},
        {"request_counts": {"completed": "3", "failed": None}},
        {"request_counts": [1], "output_file_id": 7, "error_file_id": ["x"]},
        {"errors": ["no"]},
        {"errors": {"data": [{"code": 7, "message": None, "line": "x"}]}},
        {"errors": {"data": ["no"]}},
        {"metadata": "ours"},
    ],
)
async def test_fields_that_are_not_as_they_should_be_are_not_said(
    fields: dict[str, object],
) -> None:
    async with listing([[row("batch_1", input_file_id="f") | fields]]) as (client, _):
        found = await client.find(METADATA, "f", LONG_AGO)

    assert found is not None
    assert found.batch_id == "batch_1"


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        (" Completed ", "completed"),
        ("CANCELED", "cancelled"),
        (None, ""),
        ("in_progress",) * 2,
        ("TIMEOUT_EXCEEDED", "expired"),
        ("CANCELLATION_REQUESTED", "cancelling"),
        ("JOB_STATE_SUCCEEDED", "completed"),
        ("errored", "failed"),
    ],
)
async def test_status_is_read_in_openais_words(status: str | None, ours: str) -> None:
    async with listing([[row("batch_1", input_file_id="f", status=status)]]) as (client, _):
        found = await client.find(METADATA, "f", LONG_AGO)

    assert found is not None
    assert found.status == ours
