"""Fine-tuning jobs of a run that is kept in a store, whose machine is lost or superseded."""

import shutil
import signal
import time
from pathlib import Path

from engine.files.records import read_records
from engine.run_folder import RunFolder
from jobs.stored.open import stored_run
from schemas.finetuning import TuningEvent
from tests.forked import run_forked
from tests.integration.jobs.finetune.test_finetune import BOUNDARIES, SLOW
from tests.integration.jobs.finetune.tuning_runs import MOST_S, QUICK, STUDENT, Tuning, make_run
from tests.openai_server import start_openai_server

POLL_S = 0.1


class StoredJob:
    """A run that is kept in a folder besides, and machines that go on with it."""

    def __init__(self, tmp_path: Path) -> None:
        (tmp_path / "store").mkdir()
        self.url = (tmp_path / "store").as_uri()
        self.folder = make_run(tmp_path / "run")
        with stored_run(self.folder, self.url, {}):
            """All that there is gets sealed."""

    def fetch(self, folder: Path, *flags: str) -> None:
        done = run_forked(["-m", "jobs", "fetch", self.url, str(folder), *flags])
        assert done.returncode == 0, done.stdout + done.stderr

    def has_job(self, copy_dir: Path) -> bool:
        """Whether the store knows of a job at the provider."""
        self.fetch(copy_dir)
        path = RunFolder(copy_dir).results_path("finetuning")
        events = list(read_records(path, TuningEvent))
        shutil.rmtree(copy_dir)
        return any(event.job_id for event in events)


def test_job_whose_machine_is_lost_at_every_boundary_is_one_job_with_one_file_each(
    tmp_path: Path,
) -> None:
    stored, killed = StoredJob(tmp_path), []
    with start_openai_server({"fine_tuning": QUICK}) as server:
        tuning = Tuning(server, stored.folder)

        for boundary in BOUNDARIES:
            flags = ("--student", STUDENT, "--yes")
            killed.append(tuning.run(*flags, boundary=boundary)[0])
            shutil.rmtree(stored.folder.run_dir)
            stored.fetch(stored.folder.run_dir, "--take-over")
        code, out, err = tuning.submit("--wait")

        assert killed == [-signal.SIGKILL] * len(BOUNDARIES)
        assert code == 0, err
        assert [job["id"] for job in tuning.jobs()] == [out.splitlines()[0]]
        assert len(tuning.uploads()) == 2


def test_what_becomes_of_a_job_is_stored_while_it_is_waited_for_and_one_machine_waits(
    tmp_path: Path,
) -> None:
    stored, other_dir = StoredJob(tmp_path), tmp_path / "other"
    with start_openai_server({"fine_tuning": SLOW}) as server:
        tuning = Tuning(server, stored.folder)
        waiting = tuning.start("--student", STUDENT, "--yes", "--wait")
        until_s = time.monotonic() + MOST_S
        while not stored.has_job(tmp_path / "copy"):
            assert time.monotonic() < until_s
            time.sleep(POLL_S)

        tuning.await_status("running")
        stored.fetch(other_dir, "--take-over")
        _, err = waiting.communicate(timeout=MOST_S)
        server.control.configure(fine_tuning=QUICK)
        code, out, said = Tuning(server, RunFolder(other_dir)).run("--wait")

        assert waiting.wait() == 75
        assert b"goes on with this run" in err
        assert code == 0, said
        assert "succeeded" in out
        assert len(tuning.jobs()) == 1
