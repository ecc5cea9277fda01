"""The classic commands, one after the other, as processes of their own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.openai_server import start_openai_server
from tests.openai_server.client import RunningServer

ROOT_DIR = Path(__file__).parents[3]
STUDENT = "gpt-4o-mini"
FOREIGN = "How does one run a detached job from a crontab line?"


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    rules = {"validating_s": 0.1, "queued_s": 0.1, "running_s": 0.1}
    with start_openai_server({"fine_tuning": rules}) as server:
        yield server


class Shell:
    """Runs scripts in one folder."""

    def __init__(self, server: RunningServer, folder: Path) -> None:
        self._server = server
        self.folder = folder

    def run(self, script: str, *flags: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, str(ROOT_DIR / "scripts" / script), *flags],
            cwd=self.folder,
            env={
                **os.environ,
                "OPENAI_API_KEY": self._server.api_key,
                "OPENAI_BASE_URL": self._server.base_url,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )


def test_classic_commands_lead_from_documents_to_a_comparison(
    server: RunningServer, tmp_path: Path
) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    for name in ("filters", "how-it-works", "run-folder", "cron"):
        shutil.copy(ROOT_DIR / "docs" / f"{name}.md", documents)
    shell = Shell(server, tmp_path)
    train, held_out = tmp_path / "train_questions.txt", tmp_path / "eval_questions.txt"
    rows, compared = tmp_path / "finetune_dataset.jsonl", tmp_path / "compare.csv"
    paths = ("--train_path", train.name)

    asked = shell.run(
        *("data_preparation.py", "--question", *paths, "--val_path", held_out.name),
        *("--documents", "documents", "--set", "split.held_out_fraction=0.4"),
    )
    questions = train.read_text().splitlines()
    train.write_text("\n".join([*questions, FOREIGN]))
    answer = ("data_preparation.py", "--dataset", *paths, "--finetune_path", rows.name)
    answered = shell.run(*answer)
    calls = server.control.totals()["calls"]
    answered_again = shell.run(*answer)
    calls_again = server.control.totals()["calls"]

    assert asked.returncode == 0, asked.stderr
    assert answered.returncode == 0, answered.stderr
    assert len(questions) >= 10
    assert held_out.read_text().strip()
    assert f"rows of {len(questions) + 1} questions" in answered.stdout
    assert FOREIGN in rows.read_text()
    assert (answered_again.returncode, calls_again) == (0, calls)

    launch = ("launch_training.py", rows.name, "--student", STUDENT, "--yes", "--wait")
    launched = shell.run(*launch, "--set", "batch.settle_s=0.2")

    assert launched.returncode == 0, launched.stderr
    (job,) = server.control.jobs()
    assert launched.stdout.splitlines()[0] == job["id"]

    held_out.write_text("\n".join(held_out.read_text().splitlines()[:2]))
    for flag in ("--eval_baseline", "--eval_finetuned", "--eval_gpt4"):
        evaluated = shell.run("launch_evaluation.py", flag, "--val_path", held_out.name)
        assert evaluated.returncode == 0, evaluated.stderr
        assert "Answer relevancy" in evaluated.stdout
    before = server.control.totals()["calls"]
    comparison = shell.run(
        *("launch_evaluation.py", "--compare_response", "--val_path", held_out.name),
        *("--response_file", compared.name),
    )

    assert comparison.returncode == 0, comparison.stderr
    assert server.control.totals()["calls"] == before
    assert job["fine_tuned_model"] in comparison.stdout
    assert compared.read_text(encoding="utf-8-sig").count(STUDENT) >= 2


@pytest.mark.parametrize(
    ("script", "flag"),
    [
        ("data_preparation.py", "--finetune_path"),
        ("launch_training.py", "--student"),
        ("launch_evaluation.py", "--compare_response"),
    ],
)
def test_help_names_every_flag(
    server: RunningServer, tmp_path: Path, script: str, flag: str
) -> None:
    shown = Shell(server, tmp_path).run(script, "--help")

    assert shown.returncode == 0
    for known in (flag, "--documents", "--run", "--config"):
        assert known in shown.stdout


def test_missing_question_file_is_one_message(server: RunningServer, tmp_path: Path) -> None:
    ended = Shell(server, tmp_path).run(
        *("data_preparation.py", "--dataset", "--train_path", "none.txt", "--finetune_path", "f")
    )

    assert ended.returncode == 2
    assert "none.txt: cannot be read" in ended.stderr
    assert "Traceback" not in ended.stderr
