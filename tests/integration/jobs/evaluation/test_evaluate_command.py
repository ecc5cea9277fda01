"""The `distill evaluate` command: what it refuses, and a file of questions from elsewhere."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.files.journal import read_settled
from engine.run_folder import RunFolder
from jobs.evaluation.answer_samples import PURPOSE
from jobs.evaluation.read_evaluation import read_evaluation
from jobs.settings.run_config import read_run_config
from tests.forked import run_forked
from tests.openai_server import RunningServer, start_openai_server
from tests.unit.jobs.evaluation.made_run import SUBJECTS, make_run, make_settings

MODELS = [
    {"id": "gpt-4.1-mini", "caches_prompts": False},
    {"id": "gpt-4o-mini", "caches_prompts": False},
    {"id": "text-embedding-3-small", "dimensions": 16},
]


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with start_openai_server({"models": MODELS, "flags_are_0_or_1": True}) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return make_run(tmp_path / "run", make_settings())


def distill_evaluate(server: RunningServer, run_dir: Path, *arguments: str) -> tuple[int, str]:
    done = run_forked(
        ["-m", "jobs", "evaluate", str(run_dir), *arguments],
        env={**os.environ, "OPENAI_API_KEY": server.api_key, "OPENAI_BASE_URL": server.base_url},
    )
    return done.returncode, done.stdout + done.stderr


def test_file_of_questions_takes_the_place_of_the_runs_own(
    folder: RunFolder, server: RunningServer, tmp_path: Path
) -> None:
    path = tmp_path / "questions.txt"
    path.write_text("What is known of the kiln?\nWhy does the forge burn charcoal, not coal?\n")

    code, output = distill_evaluate(
        server, folder.run_dir, "--questions", str(path), "--models", "teacher", "--mode", "closed"
    )

    assert code == 0, output
    assert "teacher" in output
    samples, answers, scores, _ = read_evaluation(folder, make_settings())
    assert [sample.slice for sample in samples] == ["held_out_document", "imported"]
    assert SUBJECTS["forge"] in samples[1].context
    assert [answer.mode for answer in answers] == ["closed", "closed"]
    assert len(scores) == 2 * 2


def test_second_judge_costs_its_calls_and_is_compared_with_the_first(
    folder: RunFolder, server: RunningServer, tmp_path: Path
) -> None:
    path = tmp_path / "questions.txt"
    path.write_text("What is known of the kiln?\n")
    asked = ("--questions", str(path), "--models", "teacher")
    judges = ("--judge", "gpt-4o-mini", "--judge", "gpt-4.1-mini")

    code, output = distill_evaluate(server, folder.run_dir, *asked, *judges)

    assert code == 0, output
    assert "judges, answer relevancy: gpt-4.1-mini beside gpt-4o-mini: " in output
    settled = list(read_settled(folder.journal_path))
    assert sum(each.purpose == PURPOSE for each in settled) == 1
    config = read_run_config(folder.config_path)
    assert config is not None
    assert config.settings.judge.model == "gpt-4o-mini"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--models", "student"], "--models: found 'student', expected some of baseline, tuned"),
        (["--mode", "ajar"], "--mode: found 'ajar', expected open or closed"),
        (["--models", "tuned"], "there is no tuned model: make one with `distill finetune"),
        (["--questions", "/nowhere.txt"], "/nowhere.txt: cannot be read"),
        (["--set", "teacher.model=gpt-4o-mini"], "was made with other settings (teacher.model: "),
        (["--set", "evaluation.judge_max_output_tokens=100"], "judge_max_output_tokens"),
        (["--budget-usd", "1", "--judge", "mine"], "the price of model 'mine' is unknown"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_before_anything_is_asked(
    folder: RunFolder, server: RunningServer, arguments: list[str], message: str
) -> None:
    calls = server.control.settled_totals()["calls"]
    before = {path: path.read_bytes() for path in folder.run_dir.rglob("*") if path.is_file()}

    code, output = distill_evaluate(server, folder.run_dir, *arguments)

    assert code == 2, output
    assert message in output
    assert "Traceback" not in output
    assert server.control.settled_totals()["calls"] == calls
    after = {path: path.read_bytes() for path in folder.run_dir.rglob("*") if path.is_file()}
    assert after == before


def test_folder_without_a_run_or_a_dataset_is_refused_and_left_as_it_is(
    tmp_path: Path, folder: RunFolder, server: RunningServer
) -> None:
    (folder.dataset_dir / "held_out.jsonl").unlink()

    nowhere, no_run = distill_evaluate(server, tmp_path / "none", "--set", "teacher.model=m")
    unfinished, no_dataset = distill_evaluate(server, folder.run_dir)

    assert (nowhere, unfinished) == (2, 2)
    assert "there is no run here" in no_run
    assert "has no dataset yet; finish it with `distill run" in no_dataset
    assert not (tmp_path / "none").exists()


def test_key_of_a_role_that_is_missing_is_one_message_before_anything_is_asked(
    folder: RunFolder, server: RunningServer
) -> None:
    calls = server.control.settled_totals()["calls"]
    judge = ("--set", "judge.base_url=http://localhost:9/v1", "--set", "judge.key_variable=NO_KEY")

    code, output = distill_evaluate(server, folder.run_dir, *judge)

    assert code == 3
    assert output == (
        "distill: judge: http://localhost:9/v1 needs a key: set the environment variable NO_KEY "
        "(another one is named with judge.key_variable)\n"
    )
    assert server.control.settled_totals()["calls"] == calls
