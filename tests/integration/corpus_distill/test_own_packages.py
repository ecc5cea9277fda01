"""A user's module with the name of one of ours: one message, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT_DIR = Path(__file__).parents[3]


def run_python(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """In `folder`, whose modules come before ours."""
    path = os.pathsep.join([str(folder), str(ROOT_DIR)])
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("name", ["schemas", "engine", "jobs"])
def test_command_says_which_module_is_in_its_way(tmp_path: Path, name: str) -> None:
    hiding = tmp_path / f"{name}.py"
    hiding.write_text("NOTHING = 0\n")

    ended = run_python(tmp_path, "-m", "corpus_distill", "--help")

    assert ended.returncode == 2
    assert ended.stderr.startswith(f"distill: another module called '{name}' hides")
    assert str(hiding) in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("library", "name"),
    [("corpus_distill", "schemas"), ("corpus_distill", "engine"), ("engine", "schemas")],
)
def test_import_says_which_module_is_in_its_way(tmp_path: Path, library: str, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").touch()

    ended = run_python(tmp_path, "-c", f"from {library} import open_engine")

    said = ended.stderr.splitlines()[-1]
    assert said.startswith(f"ImportError: another module called '{name}' hides")
    assert str(tmp_path / name / "__init__.py") in said


def test_module_called_jobs_is_not_in_the_way_of_the_library(tmp_path: Path) -> None:
    (tmp_path / "jobs.py").touch()

    ended = run_python(tmp_path, "-c", "from corpus_distill import open_engine as o; print(o)")

    assert ended.stdout.startswith("<function open_engine")


def test_command_runs_where_nothing_is_in_its_way(tmp_path: Path) -> None:
    ended = run_python(tmp_path, "-m", "corpus_distill", "--help")

    assert (ended.returncode, ended.stderr) == (0, "")
    assert "evaluate" in ended.stdout


def test_import_of_the_engine_imports_none_of_its_modules() -> None:
    code = "import sys, engine, corpus_distill; print(*sys.modules)"

    ended = run_python(ROOT_DIR, "-c", code)

    heavy = ("engine.", "schemas", "pydantic", "aiohttp", "orjson", "asyncio")
    assert [name for name in ended.stdout.split() if name.startswith(heavy)] == []
