"""The examples of docs/library.md and README.md, run as they stand against the stand-in."""

import ast
import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.openai_server import OpenAIServer, RunningServer, start_openai_server

ROOT = Path(__file__).parents[3]
ADDRESS = '"https://api.openai.com/v1"'
TIMEOUT_S = 60.0


def examples(page: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return [part.split("```")[0] for part in text.split("```python\n")[1:]]


BATCH_OF_REQUESTS, NOTEBOOK, STAGE, ARGUMENTS = examples("docs/library.md")


def run_example(code: str, folder: Path, server: RunningServer) -> str:
    """Run an example as a program in `folder`; nothing of it is changed but the address."""
    assert ADDRESS in code
    (folder / "example.py").write_text(code.replace(ADDRESS, repr(server.base_url)))
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-W", "default::ResourceWarning", "example.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": server.api_key},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def lines_of_work(code: str) -> int:
    """Lines that are neither blank nor of imports."""
    imports = (ast.Import, ast.ImportFrom)
    work = [ast.unparse(node) for node in ast.parse(code).body if not isinstance(node, imports)]
    return sum(len(part.splitlines()) for part in work)


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with start_openai_server() as running:
        yield running


def test_many_requests_are_asked_once_in_ten_lines(tmp_path: Path, server: RunningServer) -> None:
    questions = [f"What is number {number}?" for number in range(40)]
    (tmp_path / "questions.txt").write_text("\n".join(questions))

    first = run_example(BATCH_OF_REQUESTS, tmp_path, server)
    (tmp_path / "questions.txt").write_text("\n".join([*questions, "What else?"]))
    second = run_example(BATCH_OF_REQUESTS, tmp_path, server)

    assert lines_of_work(BATCH_OF_REQUESTS) <= 10
    assert [line.split(" -> ")[0] for line in first.splitlines()] == questions
    assert second.startswith(first)
    assert server.control.totals()["calls"] == len(questions) + 1


def test_readme_shows_the_same_example() -> None:
    assert examples("README.md") == [BATCH_OF_REQUESTS]


async def test_cell_of_a_notebook_runs_in_its_loop_and_again_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    async with OpenAIServer() as server:
        monkeypatch.setenv("OPENAI_API_KEY", server.api_key)
        code = NOTEBOOK.replace(ADDRESS, repr(server.base_url))
        cell = compile(code, "cell", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        for _ in range(2):
            running = eval(cell, {})
            assert inspect.iscoroutine(running)
            await running
        call_count = len(server.calls)

    said = capsys.readouterr().out.splitlines()
    assert said[0]
    assert said[: len(said) // 2] == said[len(said) // 2 :]
    assert call_count == 1


def test_stage_of_ones_own_takes_twenty_lines(tmp_path: Path, server: RunningServer) -> None:
    ids = [f"r{number}" for number in range(30)]
    lines = [orjson.dumps({"review_id": id_, "text": f"Soup {id_} was cold."}) for id_ in ids]
    (tmp_path / "reviews.jsonl").write_bytes(b"\n".join(lines))

    said = run_example(STAGE, tmp_path, server)
    run_example(STAGE, tmp_path, server)

    verdicts = (tmp_path / "review-work" / "verdicts.jsonl").read_bytes().splitlines()
    assert lines_of_work(STAGE) <= 20
    assert "finished_count=30" in said
    assert {orjson.loads(line)["review_id"] for line in verdicts} == set(ids)
    assert server.control.totals()["calls"] == len(ids)


def test_arguments_that_are_shown_are_accepted() -> None:
    names: dict[str, object] = {}

    exec(ARGUMENTS, names)

    assert {"limits", "prices", "endpoints"} <= names.keys()
