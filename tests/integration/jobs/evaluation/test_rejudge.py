"""`distill evaluate --rejudge`: another judge over the answers that there are, and no one else."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.run_folder import RunFolder
from jobs.evaluation.read_evaluation import read_evaluation
from jobs.settings.run_config import read_run_config
from tests.forked import run_forked
from tests.openai_server import RunningServer, start_openai_server
from tests.unit.jobs.evaluation.made_run import make_run, make_settings

TEACHER, FIRST, OTHER = "gpt-4.1-mini", "gpt-4o-mini", "gpt-4o"
EMBEDDINGS = "text-embedding-3-small"
MODELS = [
    *({"id": name, "caches_prompts": False} for name in (TEACHER, FIRST, OTHER)),
    {"id": EMBEDDINGS, "dimensions": 16},
]
LITTLE = ("evaluation.max_new_questions=1", "evaluation.max_unanswerable=1")


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with start_openai_server({"models": MODELS, "flags_are_0_or_1": True}) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return make_run(tmp_path / "run", make_settings(*LITTLE), held_out=("lathe", "kiln"))


def distill(server: RunningServer, *arguments: str | Path) -> tuple[int, str]:
    done = run_forked(
        ["-m", "jobs", *map(str, arguments)],
        env={**os.environ, "OPENAI_API_KEY": server.api_key, "OPENAI_BASE_URL": server.base_url},
    )
    return done.returncode, done.stdout + done.stderr


class Asked:
    """Which models the stand-in was asked since this was made."""

    def __init__(self, server: RunningServer) -> None:
        self._server, self._before = server, len(self._calls(server))

    def models(self) -> Counter[str]:
        calls = self._calls(self._server)
        return Counter(call["model"] for call in calls[self._before :])

    @staticmethod
    def _calls(server: RunningServer) -> list[dict[str, Any]]:
        return list(server.control.requests())


def judge_of(folder: RunFolder) -> str:
    config = read_run_config(folder.config_path)
    assert config is not None
    return config.settings.judge.model


def test_another_judge_costs_its_own_calls_and_no_answer_is_asked_again(
    folder: RunFolder, server: RunningServer
) -> None:
    distill(server, "evaluate", folder.run_dir, "--models", "teacher")
    distill(server, "evaluate", folder.run_dir, "--models", "teacher", "--mode", "closed")
    answers = folder.results_path("evaluation/answers").read_bytes()
    before = read_evaluation(folder, make_settings(*LITTLE))
    calls = Asked(server)

    more = ("--set", "evaluation.max_new_questions=3")  # questions that nobody has answered yet
    rejudge = ("evaluate", folder.run_dir, "--rejudge", "--judge", OTHER, *more)
    _, plan = distill(server, *rejudge, "--dry-run")
    planned = calls.models()
    code, output = distill(server, *rejudge)
    asked = calls.models()
    distill(server, *rejudge)
    again = calls.models()
    by_other = read_evaluation(folder, make_settings(*LITTLE, f"judge.model={OTHER}"))
    distill(server, "evaluate", folder.run_dir, "--models", "teacher", *more)

    assert not planned
    assert code == 0, output
    assert set(asked) <= {OTHER, EMBEDDINGS}
    assert asked[OTHER] > 0
    assert again == asked
    assert calls.models()[TEACHER] > 0
    assert folder.results_path("evaluation/answers").read_bytes().startswith(answers)
    assert f"scored by {OTHER} as judge" in output
    assert f"{FIRST} beside {OTHER}" in output
    assert "models' answers" not in plan
    assert "scores" in plan
    assert {answer.mode for answer in by_other.answers} == {"open", "closed"}
    assert len(by_other.scores) == len(before.scores)


def test_answers_that_are_not_there_are_not_asked_for(
    folder: RunFolder, server: RunningServer
) -> None:
    nobody = distill(server, "evaluate", folder.run_dir, "--rejudge")
    distill(server, "evaluate", folder.run_dir, "--models", "teacher")
    asked = Asked(server)

    closed = distill(server, "evaluate", folder.run_dir, "--rejudge", "--mode", "closed")
    baseline = distill(server, "evaluate", folder.run_dir, "--rejudge", "--models", "baseline")
    new = distill(server, "evaluate", folder.run_dir, "--rejudge", "--questions", "q.txt")

    assert [code for code, _ in (nobody, closed, baseline, new)] == [2, 2, 2, 2]
    assert "there are no answers to judge under these settings; `distill evaluate" in nobody[1]
    assert "there are no closed-book answers to judge" in closed[1]
    assert "there are no answers to judge under these settings" in baseline[1]
    assert "leave one of them out" in new[1]
    assert not asked.models()


def test_judge_that_does_not_exist_is_not_remembered(
    folder: RunFolder, server: RunningServer
) -> None:
    distill(server, "evaluate", folder.run_dir, "--models", "teacher")

    code, output = distill(server, "evaluate", folder.run_dir, "--rejudge", "--judge", "nobody")
    compared, table = distill(server, "compare", folder.run_dir)

    assert code == 3, output
    assert "judge.model: nobody has never answered and is not remembered" in output
    assert judge_of(folder) == FIRST
    assert compared == 0
    assert f"scored by {FIRST} as judge" in table
