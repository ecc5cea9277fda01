"""`distill finetune` as a process of its own, against the stand-in."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.settings import RunSettings
from tests.integration.jobs.finetune.tuning_runs import QUICK, STUDENT, Tuning, interrupt, make_run
from tests.openai_server import RunningServer, start_openai_server

# In the order in which a job comes to them, so that one job meets them all.
BOUNDARIES = (
    *("tuning_intent", "tuning_upload", "tuning_uploaded", "tuning_create", "tuning_created"),
)
SLOW = {"validating_s": 0.1, "queued_s": 0.1, "running_s": 99.0}


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    """One to which nothing is ever submitted."""
    with start_openai_server() as running:
        yield running


def test_job_is_submitted_once_followed_and_recorded(tmp_path: Path) -> None:
    rules = {**QUICK, "result_encoding": "base64"}
    with start_openai_server({"fine_tuning": rules}) as server:
        tuning = Tuning(server, make_run(tmp_path / "run"))

        price = ("--set", "student.training_usd_per_million_tokens=3")
        code, out, err = tuning.submit(*price)
        tuning.await_status("succeeded")
        again_code, again_out, _ = tuning.run(*price)

        (job,) = tuning.jobs()
        assert (code, again_code) == (0, 0), err
        assert out.splitlines()[0] == job["id"] == again_out.splitlines()[0]
        assert "12 rows" in err
        assert job["fine_tuned_model"] in again_out
        assert len(tuning.uploads()) == 2
    last = tuning.events()[-1]
    assert (last.step, last.status) == ("ended", "succeeded")
    assert last.tuned_model == job["fine_tuned_model"]
    assert last.cost_usd == pytest.approx(job["trained_tokens"] * 3e-6)
    assert len(tuning.metrics()) > 3


def test_failed_job_ends_with_1_and_the_next_call_submits_another(tmp_path: Path) -> None:
    with start_openai_server({"fine_tuning": {**QUICK, "is_failing": True}}) as server:
        tuning = Tuning(server, make_run(tmp_path / "run"))

        code, _, err = tuning.submit()
        assert code == 0, err
        tuning.await_status("failed")
        failed_code, failed_out, _ = tuning.run("--yes")
        server.control.configure(fine_tuning=QUICK)
        tuning.submit()

        assert failed_code == 1
        assert "failed" in failed_out
        assert len(tuning.jobs()) == 2


def test_closed_account_is_told_of_the_alternatives(tmp_path: Path) -> None:
    rules = {"closed_message": "Fine-tuning is not available for new organizations."}
    with start_openai_server({"fine_tuning": rules}) as server:
        code, _, err = Tuning(server, make_run(tmp_path / "run")).submit()

    assert code == 3
    assert "not available for new organizations" in err
    assert "--trainer export" in err
    assert "--base-url" in err


def test_job_killed_once_at_every_boundary_is_one_job_with_one_file_each(tmp_path: Path) -> None:
    with start_openai_server({"fine_tuning": QUICK}) as server:
        tuning = Tuning(server, make_run(tmp_path / "run"))

        killed = [
            tuning.run("--student", STUDENT, "--yes", boundary=boundary)[0]
            for boundary in BOUNDARIES
        ]
        code, out, err = tuning.submit()

        assert killed == [-signal.SIGKILL] * len(BOUNDARIES)
        assert code == 0, err
        assert [job["id"] for job in tuning.jobs()] == [out.splitlines()[0]]
        assert len(tuning.uploads()) == 2


def test_interrupted_follower_leaves_the_job_running(tmp_path: Path) -> None:
    with start_openai_server({"fine_tuning": SLOW}) as server:
        tuning = Tuning(server, make_run(tmp_path / "run"))

        process = tuning.start("--student", STUDENT, "--yes", "--wait")
        tuning.await_status("running")
        time.sleep(0.5)
        code, err = interrupt(process)
        server.control.configure(fine_tuning=QUICK)
        followed_code, out, _ = tuning.run("--wait")

        assert code == 130
        assert "goes on" in err
        assert followed_code == 0
        assert "succeeded" in out
        assert len(tuning.jobs()) == 1


def test_job_at_a_host_of_its_own_is_found_there_again(tmp_path: Path) -> None:
    elsewhere = RunSettings.model_validate({"endpoints": [{"base_url": "http://127.0.0.1:9/v1"}]})
    with start_openai_server({"fine_tuning": QUICK}) as server:
        tuning = Tuning(server, make_run(tmp_path / "run", settings=elsewhere))

        _, out, err = tuning.submit()
        code, again_out, again_err = tuning.run(names_address=False)

        assert code == 0, err + again_err
        assert out.splitlines()[0] == again_out.splitlines()[0]
        assert len(tuning.jobs()) == 1


def test_id_is_printed_though_the_provider_fails_once_the_job_is_created(tmp_path: Path) -> None:
    faults = {"retrieve_job": {"probabilities": {"server_error": 1.0}}}
    with start_openai_server({"fine_tuning": SLOW, "slow_faults": faults}) as server:
        tuning = Tuning(server, make_run(tmp_path / "run"))

        code, out, err = tuning.submit()

        assert code == 0, err
        assert out.splitlines()[0] == tuning.jobs()[0]["id"]


def test_job_can_be_given_up(tmp_path: Path) -> None:
    with start_openai_server({"fine_tuning": SLOW}) as server:
        tuning = Tuning(server, make_run(tmp_path / "run"))

        tuning.submit()
        code, out, err = tuning.run("--cancel")

        assert code == 0, err
        assert "cancelled" in out
        assert [job["status"] for job in tuning.jobs()] == ["cancelled"]


def test_export_leaves_the_job_to_be_asked_for(tmp_path: Path) -> None:
    with start_openai_server({"fine_tuning": QUICK}) as server:
        tuning = Tuning(server, make_run(tmp_path / "run"))

        _, out, err = tuning.submit()
        tuning.run("--trainer", "export")
        _, again_out, again_err = tuning.run(names_address=False)

        assert out.splitlines()[0] == again_out.splitlines()[0], err + again_err
        assert len(tuning.jobs()) == 1


def test_export_writes_checked_rows_and_how_to_use_them(
    server: RunningServer, tmp_path: Path
) -> None:
    folder = make_run(tmp_path / "run", rows=3)

    code, out, err = Tuning(server, folder).run("--trainer", "export", "--student", "base/m")

    export_dir = folder.run_dir / "export"
    assert code == 0, err
    assert out.splitlines()[0] == str(export_dir)
    train = (folder.dataset_dir / "train.jsonl").read_bytes()
    assert (export_dir / "train.jsonl").read_bytes() == train
    readme = (export_dir / "README.md").read_text()
    assert "3 rows" in readme
    assert "base_model: base/m" in readme
    assert "{{" not in readme


@pytest.mark.parametrize(
    ("rows", "flags", "message"),
    [
        (12, ("--student", STUDENT), "no terminal to ask for a confirmation"),
        (12, ("--student", "no-such-model", "--yes"), "does not serve 'no-such-model'"),
        (12, ("--yes",), "no model to tune"),
        (9, ("--student", STUDENT, "--yes"), "found 9 rows, expected at least 10"),
    ],
)
def test_what_cannot_be_tuned_is_refused_before_anything_is_uploaded(
    server: RunningServer, tmp_path: Path, rows: int, flags: tuple[str, ...], message: str
) -> None:
    tuning = Tuning(server, make_run(tmp_path / "run", rows=rows))

    code, _, err = tuning.run(*flags)

    assert code == 2
    assert message in err
    assert "Traceback" not in err
    assert tuning.uploads() == []
