"""Real files and the stand-in for tests of the `distill` command in a process of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.runs import finish, start, write_documents
from tests.openai_server import RunningServer, start_openai_server

MODELS = [
    {"id": "gpt-6.1-terra", "caches_prompts": False},
    {"id": "text-embedding-3-small", "dimensions": 64},
]


@pytest.fixture(autouse=True)
def state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs on one account share, of each test by itself."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with start_openai_server({"models": MODELS}) as running:
        yield running


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "my documents 🙂"
    write_documents(folder)
    return folder


@pytest.fixture
def run_dir(tmp_path: Path, server: RunningServer, documents: Path) -> Path:
    """A run that is complete."""
    folder = tmp_path / "run"
    code, output = finish(
        start(server, folder, "--documents", str(documents), "--max-in-flight", "16")
    )
    assert code == 0, output
    return folder
