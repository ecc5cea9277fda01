"""`distill plan`: real documents, real runs against the stand-in, the plan against the bill."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.crash.runs import comparable_files, write_documents
from tests.forked import run_forked
from tests.openai_server import RunningServer, start_openai_server

SERVER = {
    "models": [{"id": "gpt-6.1-terra", "caches_prompts": False}],
    "limits": {"*": {"requests_per_minute": 6000}},
}
MODEL = ("--model", "gpt-6.1-terra")


class Told(NamedTuple):
    code: int
    text: str
    error: str

    def facts(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text)
        return found


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningServer]:
    with start_openai_server(SERVER) as running:
        monkeypatch.setenv("OPENAI_API_KEY", running.api_key)
        monkeypatch.setenv("OPENAI_BASE_URL", running.base_url)
        yield running


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    names = ("README.md", "how-it-works.md", "changing-a-run.md", "filters.md", "LICENSE")
    write_documents(folder, names)
    return folder


def distill(*arguments: str | Path) -> Told:
    done = run_forked(["-m", "jobs", *map(str, arguments)])
    assert "Traceback" not in done.stderr
    return Told(done.returncode, done.stdout, done.stderr)


def calls(server: RunningServer) -> int:
    return int(server.control.settled_totals()["calls"])


def test_plan_of_a_sample_is_what_the_whole_comes_to(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    run_dir = tmp_path / "run"
    (documents / "empty.md").write_text("")

    planned = distill("plan", run_dir, "--documents", documents, *MODEL, "--sample", "10", "--json")
    facts = planned.facts()
    done = distill("run", run_dir, "--set", "limit_chunks=")
    compared = distill("plan", run_dir)
    bill_usd = float(distill("plan", run_dir, "--json").facts()["asked_usd"])

    assert (planned.code, done.code, compared.code) == (0, 0, 0), planned.error + done.error
    assert facts["sampled_chunks"] == 10
    assert facts["left_chunks"] == facts["chunks"] - 10 > 10
    assert facts["asked_usd"] + facts["usd"]["value"] == pytest.approx(bill_usd, rel=0.15)
    assert facts["usd"]["low"] <= bill_usd - facts["asked_usd"] <= facts["usd"]["high"]
    assert facts["live_s"] > 0
    assert "nothing is left to ask" in compared.text
    assert facts["tuning"]["rows"] > 0
    assert [each["stage"] for each in facts["evaluation"]][-1] == "evaluation/scores"
    assert "it came to" in compared.text
    assert planned.error.count("not read: empty.md") == 1


def test_folder_is_planned_without_a_request_and_the_most_is_never_passed(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    most = distill("plan", documents, *MODEL, "--json").facts()
    sent = calls(server)
    done = distill("run", tmp_path / "run", "--documents", documents, *MODEL)
    bill_usd = float(distill("plan", tmp_path / "run", "--json").facts()["asked_usd"])

    assert sent == 0
    assert done.code == 0
    assert most["usd"]["value"] is None
    assert most["usd"]["high"] >= bill_usd > 0
    questions = next(stage["requests"]["high"] for stage in most["stages"])
    assert questions == 2 * most["chunks"]  # each may be asked once more for what is missing
    assert not list(documents.glob("*.jsonl"))


def test_plan_of_a_run_sends_and_changes_nothing_but_the_plan(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    run_dir = tmp_path / "run"
    distill("run", run_dir, "--documents", documents, *MODEL, "--limit-chunks", "8")
    before, sent = comparable_files(run_dir), calls(server)
    config = (run_dir / "config.toml").read_bytes()

    whole = distill("plan", run_dir)
    few = distill("plan", run_dir, "--set", "limit_chunks=10", "--json").facts()
    dry = distill("run", run_dir, "--dry-run", "--set", "limit_chunks=")
    moved = distill("plan", run_dir, "--set", "chunks.target_tokens=300")

    assert whole.code == dry.code == 0, dry.error
    assert moved.code == 0, moved.error  # its held-out questions are about chunks that are gone
    assert "distill run " in whole.text
    assert few["left_chunks"] == 2
    assert "8 asked about" in dry.text
    assert comparable_files(run_dir) == before
    assert (run_dir / "config.toml").read_bytes() == config
    assert calls(server) == sent


def test_sample_wants_a_run_to_keep_what_it_costs(documents: Path) -> None:
    told = distill("plan", documents, "--sample", "12")

    assert told.code == 2
    assert f"distill plan RUN --documents {documents} --sample 12" in told.error


def test_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    told = distill("plan", tmp_path / "nothing", *MODEL)

    assert told.code == 2
    assert "there is no such folder" in told.error
