"""A host that speaks only as much of the API as it must."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.wire.endpoints import Endpoint
from jobs.finetune.ledger import TuningLedger
from jobs.finetune.trainers.job_client import JobClient
from jobs.finetune.trainers.job_watch import JobWatch
from jobs.finetune.trainers.provider_jobs import Lost
from schemas.finetuning import TuningEvent
from tests.integration.jobs.finetune.test_trainer import HastyClock

JOB = {
    "id": "ftjob-ours",
    "object": "fine_tuning.job",
    "model": "m",
    "status": "running",
    "result_files": [],
    "training_file": "file-1",
    "created_at": 2,
}


async def list_jobs(_: web.Request) -> web.Response:
    """The oldest first, and the same page for ever."""
    jobs = [{**JOB, "id": "ftjob-old", "training_file": "file-old"}]
    jobs.append({**JOB, "metadata": {"ours": "yes", "and": "more"}})
    return web.json_response({"object": "list", "data": jobs})


async def retrieve_job(_: web.Request) -> web.Response:
    return web.json_response(JOB)


async def list_files(_: web.Request) -> web.Response:
    file = {"id": "file-1", "object": "file", "filename": "other", "created_at": int(time.time())}
    return web.json_response({"object": "list", "data": [file]})


@pytest.fixture
async def client() -> AsyncIterator[JobClient]:
    app = web.Application()
    app.router.add_get("/v1/files", list_files)
    app.router.add_get("/v1/fine_tuning/jobs", list_jobs)
    app.router.add_get("/v1/fine_tuning/jobs/ftjob-ours", retrieve_job)
    async with TestServer(app) as host:
        endpoint = Endpoint(str(host.make_url("/v1")), "")
        client = JobClient(endpoint, timeout_s=5, clock=HastyClock())
        yield client
        await client.aclose()


async def test_job_is_found_in_a_list_in_any_order_that_never_ends(client: JobClient) -> None:
    ours = await client.find(Lost({"ours": "yes"}))
    nobodys = await client.find(Lost({"ours": "no"}))

    assert ours is not None
    assert ours.job_id == "ftjob-ours"
    assert nobodys is None


async def test_job_of_a_host_that_keeps_no_metadata_is_found_by_its_file(
    client: JobClient,
) -> None:
    ours: dict[str, str] = {"ours": "no"}

    found = await client.find(Lost(ours, "file-old"))
    known = await client.find(Lost(ours, "file-old", {"ftjob-old"}))
    others = await client.find(Lost(ours, "file-new"))

    assert found is not None
    assert found.job_id == "ftjob-old"
    assert known is None
    assert others is None


async def test_file_is_not_found_in_a_list_that_never_ends(client: JobClient) -> None:
    assert await client.find_file("ours", datetime.fromtimestamp(0, UTC)) is None


async def test_job_without_events_tells_its_status(client: JobClient, tmp_path: Path) -> None:
    event = TuningEvent(
        event_id="",
        job_name="job",
        step="created",
        at="",
        trainer="openai",
        base_model="m",
        train_sha256="",
        validation_sha256="",
        job_id="ftjob-ours",
    )
    clock = HastyClock()
    async with TuningLedger(tmp_path / "a.jsonl", tmp_path / "b.jsonl", clock) as ledger:
        await ledger.add(event, "created")
        watch = JobWatch(client, ledger, clock=clock, usd_per_million_tokens=None)

        news = await watch.news("job")

    assert [event.message for event in news.events] == ["status running"]
    assert news.state.status == "running"
