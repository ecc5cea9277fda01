"""Submitting when something changes meanwhile, against the stand-in over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.errors import ConfigError, InterruptedRunError, TransientError
from tests.integration.jobs.finetune.test_trainer import STUDENT, Bench, reconfigure
from tests.openai_server import FineTuningRules, ModelCard, OpenAIServer, ServerConfig


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    rules = FineTuningRules(validating_s=99.0)
    config = ServerConfig(models=(ModelCard(id=STUDENT),), fine_tuning=rules)
    async with OpenAIServer(config) as server:
        yield Bench(tmp_path, server)


async def test_lost_job_is_adopted_days_later_though_its_file_was_deleted(bench: Bench) -> None:
    await reconfigure(bench, slow_faults={"create_job": {"calls": {1: "reset_after"}}})
    async with bench.trainer() as trainer:
        with pytest.raises(TransientError):
            await trainer.submit()
    for file_id in bench.ours():
        bench.server.files.delete(file_id)
    bench.clock.days_later = 3

    async with bench.trainer() as trainer:
        adopted = await trainer.submit()

    assert [job["id"] for job in bench.server.fine_tuning.all()] == [adopted.reference]
    assert bench.ours() == []


async def test_model_that_went_after_the_check_is_refused_with_a_way_out(bench: Bench) -> None:
    await reconfigure(bench, models=[])

    async with bench.trainer() as trainer:
        with pytest.raises(ConfigError, match=r"does not exist.*--trainer export"):
            await trainer.submit()


async def test_stop_after_the_upload_creates_no_job(bench: Bench) -> None:
    faults = {"retrieve_file": {"calls": {1: "hang"}, "hang_s": 0.3}}
    await reconfigure(bench, slow_faults=faults)

    async with bench.trainer() as trainer:
        submission = asyncio.create_task(trainer.submit())
        while not bench.ours():
            await asyncio.sleep(0.01)
        bench.admission.close(InterruptedRunError(2))
        with pytest.raises(InterruptedRunError):
            await submission

    assert len(bench.ours()) == 1
    assert bench.server.fine_tuning.all() == []
