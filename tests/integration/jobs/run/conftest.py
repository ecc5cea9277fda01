"""Real files and the stand-in for tests of the `distill` command in a process of its own."""

import shutil
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


@pytest.fixture(scope="package")
def complete(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with documents and a run of them that is complete, for all tests to copy."""
    folder = tmp_path_factory.mktemp("complete")
    write_documents(folder / "documents")
    flags = ("--documents", str(folder / "documents"), "--max-in-flight", "16")
    with start_openai_server({"models": MODELS}) as server:
        code, output = finish(start(server, folder / "run", *flags))
    assert code == 0, output
    return folder


@pytest.fixture
def run_dir(tmp_path: Path, complete: Path, documents: Path) -> Path:
    """A run that is complete."""
    folder = tmp_path / "run"
    shutil.copytree(complete / "run", folder)
    config_path = folder / "config.toml"
    config = config_path.read_text(encoding="utf-8")
    moved = config.replace(str(complete / "documents"), str(documents))
    assert moved != config
    config_path.write_text(moved, encoding="utf-8")
    return folder
