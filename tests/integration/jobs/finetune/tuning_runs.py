"""A run with a dataset, and `distill finetune` on it as a process of its own."""

import os
import signal
import time
from pathlib import Path
from typing import Any

from engine.files.records import read_records
from engine.run_folder import RunFolder
from jobs.settings.run_config import new_run_config, write_run_config
from schemas.finetuning import TrainingMetric, TuningEvent
from schemas.settings import RunSettings
from tests.forked import DEVNULL, PIPE, ForkedProcess
from tests.openai_server.client import RunningServer
from tests.unit.jobs.finetune.rows import many_rows, write_held_out, write_lines

STUDENT = "gpt-4o-mini"
QUICK = {"validating_s": 0.1, "queued_s": 0.1, "running_s": 0.2}
MOST_S = 60.0
DEFAULTS = RunSettings()


def make_run(run_dir: Path, *, rows: int = 12, settings: RunSettings = DEFAULTS) -> RunFolder:
    folder = RunFolder(run_dir)
    folder.create()
    write_run_config(folder.config_path, new_run_config(settings))
    write_lines(folder.dataset_dir / "train.jsonl", many_rows(rows))
    write_lines(folder.dataset_dir / "validation.jsonl", many_rows(2, "pump"))
    write_held_out(folder.dataset_dir / "held_out.jsonl")
    return folder


class Tuning:
    """Calls of `distill finetune` against a stand-in."""

    def __init__(self, server: RunningServer, folder: RunFolder) -> None:
        self._server = server
        self.folder = folder

    def start(
        self,
        *flags: str,
        boundary: str = "",
        stdin: int = DEVNULL,
        names_address: bool = True,
    ) -> ForkedProcess:
        program = ["-m", "jobs"] if not boundary else ["-m", "tests.crash.killed_at", boundary]
        command = ["finetune", str(self.folder.run_dir)]
        if names_address:
            command += ["--base-url", self._server.base_url]
        return ForkedProcess(
            [*program, *command, "--set", "batch.settle_s=0.2", *flags],
            env={**os.environ, "OPENAI_API_KEY": self._server.api_key},
            stdin=stdin,
            stdout=PIPE,
            stderr=PIPE,
        )

    def run(
        self, *flags: str, boundary: str = "", names_address: bool = True
    ) -> tuple[int, str, str]:
        process = self.start(*flags, boundary=boundary, names_address=names_address)
        out, err = process.communicate(timeout=MOST_S)
        return process.wait(), out.decode(), err.decode()

    def submit(self, *flags: str) -> tuple[int, str, str]:
        return self.run("--student", STUDENT, "--yes", *flags)

    def await_status(self, status: str) -> None:
        until_s = time.monotonic() + MOST_S
        while status not in {job["status"] for job in self.jobs()}:
            assert time.monotonic() < until_s
            time.sleep(0.05)

    def jobs(self) -> list[dict[str, Any]]:
        return self._server.control.jobs()

    def uploads(self) -> list[str]:
        files = self._server.control.files()
        return sorted(file["filename"] for file in files if file["purpose"] == "fine-tune")

    def events(self) -> list[TuningEvent]:
        return list(read_records(self.folder.results_path("finetuning"), TuningEvent))

    def metrics(self) -> list[TrainingMetric]:
        path = self.folder.results_path("finetuning_metrics")
        return list(read_records(path, TrainingMetric))


def interrupt(process: ForkedProcess) -> tuple[int, str]:
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=MOST_S)
    return process.wait(), err.decode()
