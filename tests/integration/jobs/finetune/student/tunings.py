"""`distill finetune --trainer local` as a process of its own, on made runs."""

import os
import subprocess
import sys
from pathlib import Path

from engine.run_folder import RunFolder
from jobs.settings.run_config import new_run_config, write_run_config
from schemas.settings import RunSettings
from tests.forked import DEVNULL, PIPE, ROOT_DIR, TRAINING, ForkedProcess
from tests.unit.jobs.finetune.rows import write_held_out
from tests.unit.jobs.finetune.student.tiny_students import write_rows

MOST_S = 180.0


def make_run(run_dir: Path, *, rows: int = 24, validation_rows: int = 8) -> RunFolder:
    folder = RunFolder(run_dir)
    folder.create()
    write_run_config(folder.config_path, new_run_config(RunSettings()))
    write_rows(folder.dataset_dir / "train.jsonl", rows)
    write_rows(folder.dataset_dir / "validation.jsonl", validation_rows, seed=1)
    write_held_out(folder.dataset_dir / "held_out.jsonl")
    return folder


def arguments_for(folder: RunFolder, *flags: str) -> list[str]:
    return ["-m", "jobs", "finetune", str(folder.run_dir), "--trainer", "local", *flags]


def environment() -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if name != "OPENAI_API_KEY"}
    return {**given, "OMP_THREAD_LIMIT": "1"}  # as some machines have it; torch must not see it


def start(folder: RunFolder, *flags: str) -> ForkedProcess:
    return ForkedProcess(
        arguments_for(folder, *flags),
        env=environment(),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        imported=TRAINING,
    )


def tune(folder: RunFolder, *flags: str) -> tuple[int, str, str]:
    process = start(folder, *flags)
    out, err = process.communicate(timeout=MOST_S)
    return process.wait(), out.decode(), err.decode()


def tune_by_interpreters(folder: RunFolder, *flags: str) -> tuple[int, str, str]:
    """As users call it: it and its children import what they need themselves."""
    ended = subprocess.run(
        [sys.executable, *arguments_for(folder, *flags)],
        cwd=ROOT_DIR,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=MOST_S,
    )
    return ended.returncode, ended.stdout, ended.stderr
