"""The end of a job that was submitted and left, as an evaluation looks it up."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import TransientError
from engine.run_folder import RunFolder
from engine.wire.endpoints import Endpoint
from jobs.evaluation.evaluated_models import evaluated_models
from jobs.finetune.open_job import find_open_job, look_up_job
from schemas.settings import RunSettings
from tests.integration.jobs.finetune.tuning_runs import QUICK, Tuning, make_run
from tests.openai_server import RunningServer, start_openai_server

SETTINGS = RunSettings()
SLOW = {"running_s": 99.0}


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with start_openai_server() as running:
        yield running


def submitted(server: RunningServer, run_dir: Path, **rules: object) -> Tuning:
    server.control.configure(fine_tuning=rules)
    tuning = Tuning(server, make_run(run_dir))
    code, _, err = tuning.submit()
    assert code == 0, err
    return tuning


async def look_up(server: RunningServer, folder: RunFolder) -> None:
    job = find_open_job(folder)
    assert job is not None
    await look_up_job(job, folder, SETTINGS, Endpoint(server.base_url, server.api_key))


async def test_model_of_a_job_that_was_left_is_found_once_it_has_succeeded(
    server: RunningServer, tmp_path: Path
) -> None:
    tuning = submitted(server, tmp_path / "run", **QUICK)
    tuning.await_status("succeeded")

    await look_up(server, tuning.folder)

    (job,) = tuning.jobs()
    assert evaluated_models(tuning.folder, SETTINGS)["tuned"] == job["fine_tuned_model"]
    assert find_open_job(tuning.folder) is None
    assert len(tuning.metrics()) > 3


async def test_job_that_goes_on_is_named_and_stays_open(
    server: RunningServer, tmp_path: Path
) -> None:
    tuning = submitted(server, tmp_path / "run", **SLOW)
    tuning.await_status("running")

    with pytest.raises(TransientError, match=r"job ftjob-\w+ is not done yet: running"):
        await look_up(server, tuning.folder)

    assert find_open_job(tuning.folder) is not None


async def test_job_that_failed_is_a_warning_with_its_reason(
    server: RunningServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tuning = submitted(server, tmp_path / "run", **QUICK, is_failing=True)
    tuning.await_status("failed")

    await look_up(server, tuning.folder)

    (job,) = tuning.jobs()
    assert f"job {job['id']}: failed {job['error']['message']}" in caplog.text
    assert "tuned" not in evaluated_models(tuning.folder, SETTINGS)
    assert find_open_job(tuning.folder) is None


def test_without_a_job_there_is_none_to_look_up(tmp_path: Path) -> None:
    assert find_open_job(make_run(tmp_path / "run")) is None
