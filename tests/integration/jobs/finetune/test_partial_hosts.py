"""Hosts that tune models and serve only a part of the API: no traceback, no wrong advice."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.errors import ConfigError, TransientError
from engine.stopping import Admission
from engine.wire.endpoints import Endpoint
from jobs.finetune.check_rows import check_rows
from jobs.finetune.ledger import TuningLedger
from jobs.finetune.trainers.job_client import JobClient
from jobs.finetune.trainers.openai_trainer import OpenAITrainer, TrainingOrder
from jobs.finetune.trainers.trainer import TrainingSet
from schemas.settings import StudentSettings
from tests.integration.jobs.finetune.test_trainer import HastyClock
from tests.unit.jobs.finetune.rows import many_rows, write_lines

Answer = Callable[[web.Request], web.Response]


class PartialHost:
    """Takes a file and a job; `answers` replaces or takes away calls, by method and path."""

    def __init__(self) -> None:
        self.job: dict[str, Any] = {"status": "succeeded", "fine_tuned_model": "ft:1"}
        self.creations = 0
        self.uploads = 0
        self.answers: dict[str, Answer] = {
            "POST /files": self._upload,
            "GET /files": empty_list,
            "GET /files/file-1": lambda _: web.json_response(file_object("file-1")),
            "GET /models/m": lambda _: web.json_response({"id": "m", "object": "model"}),
            "POST /fine_tuning/jobs": self._create,
            "GET /fine_tuning/jobs": empty_list,
            "GET /fine_tuning/jobs/ftjob-1": self._show,
        }
        self.create = self.answers["POST /fine_tuning/jobs"]

    async def answer(self, request: web.Request) -> web.Response:
        await request.read()
        call = f"{request.method} {request.path.removeprefix('/v1')}"
        return self.answers.get(call, not_found)(request)

    def _upload(self, _: web.Request) -> web.Response:
        self.uploads += 1
        return web.json_response(file_object(f"file-{self.uploads}"))

    def _create(self, request: web.Request) -> web.Response:
        self.creations += 1
        return self._show(request)

    def _show(self, _: web.Request) -> web.Response:
        job = {"id": "ftjob-1", "object": "fine_tuning.job", "model": "m", **self.job}
        return web.json_response(job)


def file_object(file_id: str, **fields: object) -> dict[str, object]:
    return {"id": file_id, "object": "file", "filename": "x", "status": "processed", **fields}


def empty_list(_: web.Request) -> web.Response:
    return web.json_response({"object": "list", "data": [], "has_more": False})


def not_found(_: web.Request) -> web.Response:
    return web.json_response({"detail": "Not Found"}, status=404)


def page(_: web.Request) -> web.Response:
    return web.Response(text="<html>404</html>", content_type="text/html", status=404)


def not_allowed(_: web.Request) -> web.Response:
    return web.json_response({"detail": "Method Not Allowed"}, status=405)


def not_implemented(_: web.Request) -> web.Response:
    return web.json_response({"error": {"message": "not implemented"}}, status=501)


def unknown_url(request: web.Request) -> web.Response:
    message = f"Unknown request URL: {request.method} {request.path}. Look at the list of models."
    error = {"message": message, "type": "invalid_request_error", "code": "unknown_url"}
    return web.json_response({"error": error}, status=404)


UNSERVED = [not_found, page, not_allowed, not_implemented, unknown_url]


@asynccontextmanager
async def tuning(host: PartialHost, folder: Path) -> AsyncIterator[OpenAITrainer]:
    app, clock = web.Application(), HastyClock()
    app.router.add_route("*", "/{path:.*}", host.answer)
    rows = check_rows(
        write_lines(folder / "train.jsonl", many_rows(12)),
        held_out_path=folder / "held_out.jsonl",
        max_row_tokens=1_000,
    )
    async with TestServer(app) as server:
        endpoint = Endpoint(str(server.make_url("/v1")), "key")
        client = JobClient(endpoint, timeout_s=10, clock=clock)
        order = TrainingOrder(
            "https://host.example/v1",
            TrainingSet(rows, None),
            StudentSettings(model="m"),
            "run-1",
            settle_s=0.1,
        )
        paths = (folder / "finetuning.jsonl", folder / "finetuning_metrics.jsonl")
        async with TuningLedger(*paths, clock) as ledger:
            yield OpenAITrainer(order, client, ledger, admission=Admission(clock), clock=clock)
            await client.aclose()


@pytest.mark.parametrize("answer", UNSERVED)
async def test_host_that_tells_nothing_of_models_is_not_taken_to_lack_this_one(
    answer: Answer, tmp_path: Path
) -> None:
    host = PartialHost()
    host.answers["GET /models/m"] = answer

    async with tuning(host, tmp_path) as trainer:
        warnings = await trainer.check()

    assert warnings == ["this host does not tell whether it tunes m: the job will show"]


async def test_model_that_the_host_does_not_have_is_named(tmp_path: Path) -> None:
    host = PartialHost()
    error = {"message": "The model 'm' does not exist", "code": "model_not_found"}
    host.answers["GET /models/m"] = lambda _: web.json_response({"error": error}, status=404)

    async with tuning(host, tmp_path) as trainer:
        with pytest.raises(ConfigError, match="name another model"):
            await trainer.check()


@pytest.mark.parametrize("answer", UNSERVED)
async def test_host_that_lists_neither_jobs_nor_files_gets_one_job(
    answer: Answer, tmp_path: Path
) -> None:
    host = PartialHost()
    host.answers |= {"GET /fine_tuning/jobs": answer, "GET /files": answer}

    async with tuning(host, tmp_path) as trainer:
        await trainer.submit()
        tuned = await trainer.result()

    assert tuned.model == "ft:1"
    assert (host.uploads, host.creations) == (1, 1)


async def test_host_without_a_list_of_jobs_gets_no_second_one_where_the_first_is_in_doubt(
    tmp_path: Path,
) -> None:
    host = PartialHost()
    host.answers |= {
        "GET /fine_tuning/jobs": not_found,
        "POST /fine_tuning/jobs": lambda _: web.Response(status=504, text="<html>"),
    }

    async with tuning(host, tmp_path) as trainer:
        with pytest.raises(TransientError):
            await trainer.submit()
    async with tuning(host, tmp_path) as trainer:
        with pytest.raises(ConfigError, match="may have created one whose reply was lost"):
            await trainer.submit()


@pytest.mark.parametrize(
    "fields",
    [
        {"result_files": None},
        {},
        {"result_files": ["file-gone", None, 7]},
        {"result_files": [], "trained_tokens": None, "error": None},
        {"status": "SUCCEEDED", "error": "none"},
        {"status": "completed", "metadata": "ours"},
    ],
)
async def test_job_that_leaves_fields_out_has_its_model(
    fields: dict[str, Any], tmp_path: Path
) -> None:
    host = PartialHost()
    host.job |= fields
    host.answers["GET /files/file-gone/content"] = not_found

    async with tuning(host, tmp_path) as trainer:
        await trainer.submit()
        await trainer.follow(lambda _: None)
        tuned = await trainer.result()

    assert (tuned.status, tuned.model) == ("succeeded", "ft:1")


@pytest.mark.parametrize("is_told_by", ["status", "refusal"])
async def test_file_that_is_pending_is_waited_for_and_uploaded_once(
    is_told_by: str, tmp_path: Path
) -> None:
    host, looks = PartialHost(), list[str]()

    def pending(_: web.Request) -> web.Response:
        looks.append("")
        status = "pending" if len(looks) < 4 else "processed"
        return web.json_response(file_object("file-1", status=status))

    def refuse(_: web.Request) -> web.Response:
        looks.append("")
        if len(looks) == 4:
            host.answers["POST /fine_tuning/jobs"] = host.create
        message = "The training file is still being processed (status pending)."
        return web.json_response({"error": {"code": "x", "message": message}}, status=400)

    call = "GET /files/file-1" if is_told_by == "status" else "POST /fine_tuning/jobs"
    host.answers[call] = pending if is_told_by == "status" else refuse

    async with tuning(host, tmp_path) as trainer:
        await trainer.submit()

    assert (host.uploads, host.creations) == (1, 1)


async def test_file_that_stays_pending_is_a_wait_and_no_reason_to_name_another_model(
    tmp_path: Path,
) -> None:
    host = PartialHost()
    message = "The training file is not in a processed state."
    host.answers["POST /fine_tuning/jobs"] = lambda _: web.json_response(
        {"error": {"code": "invalidPayload", "message": message}}, status=400
    )

    for _ in range(2):
        async with tuning(host, tmp_path) as trainer:
            with pytest.raises(TransientError) as raised:
                await trainer.submit()
            assert "another model" not in str(raised.value)

    assert host.uploads == 1


@pytest.mark.parametrize("call", ["POST /files", "POST /fine_tuning/jobs"])
@pytest.mark.parametrize("answer", [not_found, page, not_allowed, not_implemented])
async def test_host_that_tunes_nothing_is_named(call: str, answer: Answer, tmp_path: Path) -> None:
    host = PartialHost()
    host.answers[call] = answer

    async with tuning(host, tmp_path) as trainer:
        with pytest.raises(ConfigError, match=r"no models are tuned at this address.*export"):
            await trainer.submit()
