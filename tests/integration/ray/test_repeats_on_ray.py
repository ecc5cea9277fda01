"""Repeated questions are found by the workers of a real cluster, of whom one is killed."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from engine.files.journal import Journal
from engine.files.records import encode_record
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stopping import Stopping
from engine.testing.stage_parts import FakeAsk
from engine.wire.endpoints import Endpoint
from jobs.dataset.questions.keep_questions import KEPT_QUESTIONS
from jobs.dataset.questions.sift_drafts import STAGE as QUESTIONS_NAME
from jobs.dataset.repeats.find_repeats import FOLDER_NAME, REPEATS
from jobs.run.run_engine import open_run_engine
from jobs.run.run_stages import run_stages
from jobs.run.servers import OtherServers
from jobs.run.spread_parts import SpreadParts
from jobs.send.sharded.cluster_process import ClusterPlace
from jobs.spread.ray_spread import RaySpread, SpreadOrder
from tests.integration.jobs.spread.repeated import make_questions, written
from tests.integration.ray.cluster import RunningCluster, kill
from tests.integration.ray.losses import at_work, call_of
from tests.unit.jobs.evaluation.made_run import make_settings
from tests.unit.jobs.run.contexts import make_context

NOBODY = Endpoint("http://127.0.0.1:9/v1", "no-key")  # is asked
POLL_S = 0.01
SETTINGS = make_settings()


def make_run(run_dir: Path) -> RunFolder:
    folder = RunFolder(run_dir)
    folder.create()
    lines = map(encode_record, make_questions(300))
    replace_file(folder.results_path(QUESTIONS_NAME), lines)
    return folder


async def keep_here(folder: RunFolder) -> None:
    async with Journal(folder.journal_path) as journal:
        await run_stages((KEPT_QUESTIONS,), make_context(folder, SETTINGS, FakeAsk(), journal))


async def keep_there(folder: RunFolder, cluster: RunningCluster) -> None:
    stopping = Stopping()
    order = SpreadOrder(folder, SETTINGS, [NOBODY], ClusterPlace(cluster.address, 2))
    async with AsyncExitStack() as opened:
        engine = await opened.enter_async_context(
            open_run_engine(folder, SETTINGS, [NOBODY], stopping)
        )
        spread = await opened.enter_async_context(
            RaySpread(order, SpreadParts(engine.parts, OtherServers(), stopping, None))
        )
        context = make_context(folder, SETTINGS, engine.ask, engine.journal)
        await run_stages((KEPT_QUESTIONS,), replace(context, spread=spread))


async def kill_one_that_compares(folder: RunFolder, cluster: RunningCluster) -> None:
    while True:
        for own_dir in (folder.run_dir / FOLDER_NAME).glob("*"):
            senders = partial(cluster.pids_of, "ShardSender")
            if comparing := at_work(senders, call_of(own_dir, REPEATS)):
                kill(comparing)
                return
        await asyncio.sleep(POLL_S)


async def test_part_of_a_killed_worker_is_compared_anew_and_the_files_are_those_of_one_machine(
    cluster: RunningCluster,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name, value in cluster.environment.items():
        monkeypatch.setenv(name, value)
    here, there = make_run(tmp_path / "here"), make_run(tmp_path / "there")
    await keep_here(here)

    killing = asyncio.create_task(kill_one_that_compares(there, cluster))
    await keep_there(there, cluster)

    assert killing.done()
    assert "a worker is lost" in caplog.text
    assert written(there) == written(here)
    assert not (there.run_dir / FOLDER_NAME).exists()
