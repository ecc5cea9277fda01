"""Whatever JSON a host answers a slow call with, it is read or becomes one of our errors."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.batch.client import BatchClient
from engine.clock import SystemClock
from engine.errors import EngineError
from engine.wire.endpoints import Endpoint
from jobs.finetune.trainers.job_client import JobClient
from jobs.finetune.trainers.provider_jobs import JobOrder, JobState, Lost
from schemas.batches import RemoteState

ENTRIES: Sequence[object] = (
    None,
    True,
    "x",
    [None],
    {},
    {"id": {"a": 1}, "status": ["x"], "created_at": [1], "filename": None, "errors": 5},
    {"id": "a", "status": 7, "created_at": "now", "filename": 3, "error": 5},
)
BODIES = (*ENTRIES, {"data": None}, {"data": True}, *({"data": [entry]} for entry in ENTRIES))
LONG_AGO = datetime.fromtimestamp(0, UTC)
ORDER = JobOrder("m", "file-1", None, None, None, None, 0, "", {})

BatchCall = Callable[[BatchClient, Path], Awaitable[Any]]
BATCH_CALLS: dict[str, BatchCall] = {
    "upload": lambda client, path: client.upload(path, "b.jsonl"),
    "find_file": lambda client, path: client.find_file("c", LONG_AGO),
    "list_files": lambda client, path: client.list_files("c"),
    "file_state": lambda client, path: client.file_state("f"),
    "delete": lambda client, path: client.delete("f"),
    "create": lambda client, path: client.create("f", "/v1/chat/completions", {}),
    "find": lambda client, path: client.find({"a": "b"}, "f", LONG_AGO),
    "list_states": lambda client, path: client.list_states(["b", "c"], LONG_AGO),
    "list_own": lambda client, path: client.list_own("own"),
    "retrieve": lambda client, path: client.retrieve("b"),
    "cancel": lambda client, path: client.cancel("b"),
}
JobCall = Callable[[JobClient, Path], Awaitable[Any]]
JOB_CALLS: dict[str, JobCall] = {
    "model_facts": lambda client, path: client.model_facts("m"),
    "create": lambda client, path: client.create(ORDER),
    "find": lambda client, path: client.find(Lost({"a": "b"}, "f")),
    "list_own": lambda client, path: client.list_own({"a": "b"}),
    "retrieve": lambda client, path: client.retrieve("j"),
    "events": lambda client, path: client.events("j"),
    "cancel": lambda client, path: client.cancel("j"),
}


@pytest.fixture
async def said() -> AsyncIterator[tuple[Endpoint, list[object]]]:
    """An endpoint, and the one body that it answers everything with."""
    bodies: list[object] = [None]

    async def handle(_: web.Request) -> web.Response:
        return web.json_response(bodies[0])

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    async with TestServer(app) as server:
        yield Endpoint(f"http://127.0.0.1:{server.port}/v1", "k"), bodies


@pytest.mark.parametrize("name", BATCH_CALLS)
async def test_any_json_in_the_batch_lane(
    name: str, said: tuple[Endpoint, list[object]], tmp_path: Path
) -> None:
    endpoint, bodies = said
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"{}\n")
    client = BatchClient(endpoint, timeout_s=5.0, clock=SystemClock())

    for bodies[0] in BODIES:
        with contextlib.suppress(EngineError):
            found = await BATCH_CALLS[name](client, path)
            if isinstance(found, RemoteState):
                assert found.batch_id == "a"

    await client.aclose()


@pytest.mark.parametrize("name", JOB_CALLS)
async def test_any_json_for_a_job(
    name: str, said: tuple[Endpoint, list[object]], tmp_path: Path
) -> None:
    endpoint, bodies = said
    client = JobClient(endpoint, timeout_s=5.0, clock=SystemClock())

    for bodies[0] in BODIES:
        with contextlib.suppress(EngineError):
            found = await JOB_CALLS[name](client, tmp_path)
            if isinstance(found, JobState):
                assert found.job_id == "a"

    await client.aclose()
