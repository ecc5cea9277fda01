"""Every answer of the slow APIs is what the official SDK's types say: validated, not only read."""

import asyncio
from typing import Any

import aiohttp
import openai
import pytest
from openai.types import Batch, FileDeleted, FileObject, Model
from openai.types.fine_tuning import FineTuningJob, FineTuningJobEvent
from openai.types.fine_tuning.jobs import FineTuningJobCheckpoint

from tests.integration.openai_server.batch_calls import lines
from tests.integration.openai_server.test_fine_tuning import rows
from tests.openai_server import BatchRules, OpenAIServer, ServerConfig

OPEN = ("validating", "in_progress", "finalizing", "cancelling", "queued", "running")
BATCH = {"endpoint": "/v1/chat/completions", "completion_window": "24h"}


class Api:
    """Raw JSON of one server, over a socket, without the SDK's lenient parsing."""

    def __init__(self, session: aiohttp.ClientSession, server: OpenAIServer) -> None:
        self._session = session
        self._url = server.base_url

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        async with self._session.request(method, self._url + path, **more) as response:
            assert response.status == 200
            return await response.json()

    async def upload(self, content: bytes, purpose: str) -> Any:
        form = aiohttp.FormData({"purpose": purpose})
        form.add_field("file", content, filename="a.jsonl")
        return await self.ask("POST", "/files", data=form)

    async def end(self, path: str) -> Any:
        while (shown := await self.ask("GET", path))["status"].startswith(OPEN):
            await asyncio.sleep(0.01)
        return shown


def check(model: type[openai.BaseModel], payload: Any) -> Any:
    """Validate: nothing missing, nothing of a wrong type, nothing that the type does not have."""
    parsed = model.model_validate(payload)
    assert not parsed.model_extra
    return payload


def check_page(model: type[openai.BaseModel], page: Any) -> None:
    assert page["object"] == "list"
    assert page["has_more"] is False
    assert page["data"]
    if "first_id" in page:
        ends = (page["data"][0]["id"], page["data"][-1]["id"])
        assert (page["first_id"], page["last_id"]) == ends
    for row in page["data"]:
        check(model, row)


def opened(session: aiohttp.ClientSession, server: OpenAIServer) -> Api:
    session.headers["Authorization"] = f"Bearer {server.api_key}"
    return Api(session, server)


async def test_files_have_the_shape_of_the_api() -> None:
    async with OpenAIServer() as server, aiohttp.ClientSession() as session:
        api = opened(session, server)
        file = check(FileObject, await api.upload(lines(1), "batch"))
        check(FileObject, await api.ask("GET", f"/files/{file['id']}"))
        check_page(FileObject, await api.ask("GET", "/files"))
        check(FileDeleted, await api.ask("DELETE", f"/files/{file['id']}"))


@pytest.mark.parametrize("ending", ["completed", "expired", "cancelled", "failed"])
async def test_batches_have_the_shape_of_the_api(ending: Any) -> None:
    rules = BatchRules(ending=ending, others=1)
    async with OpenAIServer(ServerConfig(batches=rules)) as server, aiohttp.ClientSession() as s:
        api = opened(s, server)
        file = await api.upload(lines(4), "batch")
        asked = {**BATCH, "input_file_id": file["id"], "metadata": {"a": "b"}}
        batch = check(Batch, await api.ask("POST", "/batches", json=asked))
        ended = check(Batch, await api.end(f"/batches/{batch['id']}"))
        check_page(Batch, await api.ask("GET", "/batches"))
        check_page(FileObject, await api.ask("GET", "/files"))

    assert ended["status"] == ending


@pytest.mark.parametrize(("count", "status"), [(10, "succeeded"), (1, "failed")])
async def test_jobs_have_the_shape_of_the_api(count: int, status: str) -> None:
    async with OpenAIServer() as server, aiohttp.ClientSession() as session:
        api = opened(session, server)
        file = await api.upload(rows(count), "fine-tune")
        asked = {"model": "gpt-4.1-mini", "training_file": file["id"]}
        job = check(FineTuningJob, await api.ask("POST", "/fine_tuning/jobs", json=asked))
        path = f"/fine_tuning/jobs/{job['id']}"
        ended = check(FineTuningJob, await api.end(path))
        check_page(FineTuningJob, await api.ask("GET", "/fine_tuning/jobs"))
        events = await api.ask("GET", f"{path}/events?limit=100")
        check_page(FineTuningJobEvent, events)
        checkpoints = await api.ask("GET", f"{path}/checkpoints")
        for each in checkpoints["data"]:
            check(FineTuningJobCheckpoint, each)
        for each in (await api.ask("GET", "/models"))["data"]:
            check(Model, each)

    assert ended["status"] == status
