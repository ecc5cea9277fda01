"""A run at a server of Azure's shape: path, header for the key, deployments as models."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.runs import finish, start, write_documents
from tests.integration.jobs.run.command_runs import SPEED, rows
from tests.openai_server import RunningServer, start_openai_server

DEPLOYMENT = "our-teacher"
SERVER = {
    "key_header": "api-key",
    "path_prefix": "/openai",
    "models": [{"id": DEPLOYMENT, "context_tokens": 100_000}],
    "batches": {"in_progress_s": 0.2},
}
PRICED = ("--set", f'prices."{DEPLOYMENT}"={{ input = 1.0, output = 5.0 }}')


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with start_openai_server(SERVER) as running:
        yield running


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    write_documents(folder, ("LICENSE",))
    return folder


def run(server: RunningServer, run_dir: Path, documents: Path, *flags: str) -> tuple[int, str]:
    address = ("--base-url", server.base_url.replace("/v1", "/openai/v1"))
    given = ("--documents", str(documents), "--model", DEPLOYMENT, *SPEED, *PRICED, *address)
    return finish(start(server, run_dir, *given, *flags))


@pytest.mark.parametrize(
    "lane", [(), ("--lane", "batch", "--set", "batch.poll_s=0.1")], ids=["live", "batch"]
)
def test_run_at_azure_is_made_live_and_in_batches(
    server: RunningServer, documents: Path, tmp_path: Path, lane: tuple[str, ...]
) -> None:
    header = ("--set", "teacher.key_header=api-key")

    code, output = run(server, tmp_path / "run", documents, *header, *lane)

    assert code == 0, output
    assert rows(tmp_path / "run" / "dataset" / "train.jsonl")
    assert server.control.settled_totals()["statuses"].keys() <= {"200"}
    assert f"{server.api_key}" not in output


def test_key_in_the_wrong_header_is_said_at_once(
    server: RunningServer, documents: Path, tmp_path: Path
) -> None:
    code, output = run(server, tmp_path / "run", documents)

    assert code == 3
    assert "check the key and what it may use" in output
