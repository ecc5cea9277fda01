"""The same documents asked in every layout, and what their rows cost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.plan.layouts import LAYOUTS
from tests.crash.runs import write_documents
from tests.forked import run_forked
from tests.integration.jobs.run.command_runs import call_count, rows
from tests.openai_server import RunningServer, start_openai_server

MODELS = [{"id": "gpt-6.1-terra", "caches_prompts": False}]


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with start_openai_server({"models": MODELS}) as running:
        yield running


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    write_documents(folder)
    return folder


def test_layouts_ask_the_same_sample_once_and_say_what_rows_cost_in_each(
    tmp_path: Path, documents: Path, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "layouts"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-double")
    command = ["-m", "jobs", "layouts", str(folder), "--documents", str(documents)]
    command += ["--base-url", server.base_url, "--chunks", "9"]
    command += ["--set", "dataset.unanswerable_fraction=0"]

    asked = run_forked(command)
    calls = call_count(server)
    again = run_forked(command)

    assert (asked.returncode, again.returncode) == (0, 0), asked.stderr
    table = {line.split()[0]: line.split() for line in asked.stdout.splitlines()[-len(LAYOUTS) :]}
    assert list(table) == list(LAYOUTS)
    for name, (_, chunks, requests, row_count, *_) in table.items():
        made = [folder / name / "dataset" / f"{each}.jsonl" for each in ("train", "validation")]
        assert int(row_count) == sum(len(rows(path)) for path in made) > 0
        assert int(requests) == len(rows(folder / name / "journal.jsonl"))
        assert int(chunks) > 0
    assert int(table["large"][1]) < int(table["chunk"][1])  # of three times the size
    assert calls == sum(int(each[2]) for each in table.values()) == call_count(server)
    assert asked.stdout.splitlines()[-len(LAYOUTS) :] == again.stdout.splitlines()[-len(LAYOUTS) :]
