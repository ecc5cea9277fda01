"""Hosts that want more of a job than OpenAI does: fields, hyperparameters and headers of theirs."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.errors import AuthError, ConfigError
from jobs.finetune.trainers.job_client import JobClient
from jobs.finetune.trainers.provider_jobs import JobOrder
from jobs.settings.endpoints import read_trainer_endpoint
from jobs.settings.resolve import read_assignments, resolve_settings
from schemas.settings import RunSettings
from tests.integration.jobs.finetune.test_trainer import HastyClock

JOB = {"id": "ftjob-1", "object": "fine_tuning.job", "model": "m", "status": "queued"}
AZURE = ('student.job_fields.trainingType="GlobalStandard"',)
NEBIUS = ("student.hyperparameters.lora=true", "student.hyperparameters.lora_r=16")
PORTKEY = (
    'student.headers.x-portkey-provider="openai"',
    'student.headers.x-portkey-api-key="$PORTKEY_API_KEY"',
)


class Host:
    """Keeps what it was sent."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []

    async def create(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.json())
        self.headers.append(dict(request.headers))
        return web.json_response(JOB)


@pytest.fixture
async def host() -> AsyncIterator[tuple[Host, str]]:
    kept, app = Host(), web.Application()
    app.router.add_post("/v1/fine_tuning/jobs", kept.create)
    async with TestServer(app) as server:
        yield kept, str(server.make_url("/v1"))


def settings_for(address: str, *assignments: str) -> RunSettings:
    return resolve_settings([read_assignments([f"student.base_url={address}", *assignments])])


async def create_job(settings: RunSettings, environment: dict[str, str]) -> None:
    endpoint = read_trainer_endpoint(settings, environment)
    assert endpoint is not None
    client = JobClient(endpoint, timeout_s=5, clock=HastyClock())
    student = settings.student
    await client.create(
        JobOrder(
            model="m",
            train_file_id="file-1",
            validation_file_id=None,
            epochs=3,
            learning_rate_multiplier=None,
            batch_size=None,
            seed=0,
            suffix="",
            metadata={},
            job_fields=student.job_fields,
            hyperparameters=student.hyperparameters,
        )
    )
    await client.aclose()


async def test_each_host_is_sent_what_it_wants(host: tuple[Host, str]) -> None:
    kept, address = host
    environment = {"OPENAI_API_KEY": "key", "PORTKEY_API_KEY": "pk-of-the-gateway"}

    for shape in ((), AZURE, NEBIUS, PORTKEY):
        await create_job(settings_for(address, *shape), environment)

    plain, azure, nebius, gateway = kept.bodies
    assert azure == {**plain, "trainingType": "GlobalStandard"}
    assert nebius == {**plain, "hyperparameters": {"lora": True, "lora_r": 16}}
    assert gateway == plain
    assert kept.headers[3]["x-portkey-api-key"] == "pk-of-the-gateway"
    assert kept.headers[3]["x-portkey-provider"] == "openai"
    assert "x-portkey-provider" not in kept.headers[0]


def test_a_missing_variable_of_a_header_is_named() -> None:
    settings = settings_for("http://localhost/v1", *PORTKEY)

    with pytest.raises(AuthError, match="PORTKEY_API_KEY"):
        read_trainer_endpoint(settings, {"OPENAI_API_KEY": "key"})


def test_a_secret_in_a_header_is_refused_and_not_shown() -> None:
    secret = "sk-abcdefghijklmnopqrstuvwx"

    with pytest.raises(ConfigError, match=r"student\.headers") as caught:
        settings_for("http://localhost/v1", f'student.headers.api-key="{secret}"')

    assert secret not in str(caught.value)
