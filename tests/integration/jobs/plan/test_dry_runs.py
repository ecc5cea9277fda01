"""`--dry-run` of every command that spends: it says what would be asked, and asks nothing."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jobs.cli import run_command
from jobs.plan.layouts import LAYOUTS
from tests.crash.runs import comparable_files, write_documents
from tests.openai_server import RunningServer, start_openai_server

SERVER = {"models": [{"id": "gpt-6.1-terra"}, {"id": "text-embedding-3-small", "dimensions": 8}]}

Distill = Callable[..., str]


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with start_openai_server(SERVER) as running:
        yield running


@pytest.fixture
def distill(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Distill:
    """Calls a command in this process; returns what it printed."""
    monkeypatch.setenv("OPENAI_API_KEY", server.api_key)
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)

    def call(*arguments: str | Path) -> str:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run_command(list(map(str, arguments)))
        told = capsys.readouterr()
        assert not ended.value.code, told.err
        return told.out

    return call


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    write_documents(folder, ("README.md", "how-it-works.md", "LICENSE"))
    return folder


def calls(server: RunningServer) -> int:
    return int(server.control.settled_totals()["calls"])


def cells(text: str, label: str) -> list[str]:
    row = next(line for line in text.splitlines() if line.startswith(label))
    return row.removeprefix(label).split()


def requests(text: str, label: str) -> int:
    return int(cells(text, label)[0].replace(",", ""))


def test_an_evaluation_and_a_training_are_told_and_come_to_that(
    tmp_path: Path, documents: Path, distill: Distill, server: RunningServer
) -> None:
    run_dir = tmp_path / "run"
    distill("run", run_dir, "--documents", documents)
    before, sent = comparable_files(run_dir), calls(server)

    most = distill("evaluate", run_dir, "--dry-run")
    judges = [f"--judge=gpt-{name}" for name in ("6-luna", "6-luna", "4o-mini")]
    by_judge = distill("evaluate", run_dir, "--dry-run", *judges)
    training = distill("finetune", run_dir, "--dry-run", "--student", "gpt-4.1-mini")

    assert (comparable_files(run_dir), calls(server)) == (before, sent)
    assert cells(most, "new questions")[0] == "<="
    told = [line.split()[1] for line in by_judge.splitlines() if line.startswith("judge ")]
    assert told == ["gpt-6-luna", "gpt-4o-mini"]
    assert "bought once" in by_judge
    assert " rows, " in training

    distill("evaluate", run_dir, "--set", "evaluation.max_new_questions=6")
    nothing = distill("evaluate", run_dir, "--dry-run")
    more = distill("evaluate", run_dir, "--dry-run", "--set", "evaluation.max_new_questions=100")

    assert nothing == "nothing is left to ask\n"
    sent = calls(server)
    distill("evaluate", run_dir, "--set", "evaluation.max_new_questions=100")
    planned = sum(map(requests, [more] * 3, ("new questions", "models' answers", "scores")))
    assert calls(server) - sent == pytest.approx(planned, rel=0.15)


def test_a_file_of_requests_is_told_and_not_sent(
    tmp_path: Path, distill: Distill, server: RunningServer
) -> None:
    body = {"model": "gpt-6.1-terra", "max_completion_tokens": 50}
    lines = [
        {
            "custom_id": str(number),
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {**body, "messages": [{"role": "user", "content": "hello"}]},
        }
        for number in range(3)
    ]
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(json.dumps(line) + "\n" for line in lines[:1]))
    distill("send", source, "--out", out)
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    prompts, sent = tmp_path / "prompts.txt", calls(server)
    prompts.write_text("one\ntwo\n")

    some = distill("send", source, "--out", out, "--dry-run")
    fresh = distill(
        "send", prompts, "--model", "gpt-6.1-terra", "--out", tmp_path / "new.jsonl", "--dry-run"
    )

    assert calls(server) == sent
    assert cells(some, "requests") == ["2", "to", "send,", "1", "settled", "before"]
    assert "at most 100 out" in some
    assert cells(fresh, "dollars")[:2] == ["at", "most"]
    assert sorted(tmp_path.glob("new*")) == []


def test_layouts_and_a_judge_are_told_and_not_asked(
    tmp_path: Path, documents: Path, distill: Distill, server: RunningServer
) -> None:
    labels = Path(__file__).parents[3] / "fixtures" / "labels" / "judged.jsonl"
    sent = calls(server)

    layouts = distill("layouts", tmp_path / "layouts", "--documents", documents, "--dry-run")
    judged = distill(
        "judge-check", labels, "--judge", "gpt-6.1-terra", "--folder", tmp_path / "j", "--dry-run"
    )

    assert calls(server) == sent
    assert layouts.count("layout ") == len(LAYOUTS)
    assert "requests to gpt-6.1-terra, at most $" in judged
    assert not (tmp_path / "layouts").exists()
    assert not (tmp_path / "j").exists()
