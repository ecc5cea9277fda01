"""The commands of the docs are run, against the stand-in for the API, where they can be."""

import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from jobs.cli import run_command
from tests.crash.runs import write_documents
from tests.documented import DOCS, ROOT, commands_of
from tests.openai_server import RunningServer, start_openai_server

MODELS = (
    *("gpt-6.1-terra", "gpt-6-luna", "gpt-4.1-mini"),
    *("my-model", "my-student", "my-tuned-model", "MODEL"),
)
SERVER = {
    "models": [
        *({"id": name, "tiers": ["flex"]} for name in MODELS),
        {"id": "text-embedding-3-small", "dimensions": 8},
    ],
    "batches": {"validating_s": 0.0, "in_progress_s": 0.05, "finalizing_s": 0.0},
}
QUICK = {"DISTILL_BATCH_POLL_S": "0.05", "DISTILL_BATCH_SETTLE_S": "0"}
ADDRESSES = ("http://localhost:8000/v1", "https://one.example/v1", "https://two.example/v1")

# What is not run here, by how the command begins, and why.
NOT_RUN = {
    "serve": "serves until it is stopped: tests/integration/jobs/finetune/student",
    "chat": "talks on a terminal",
    "view": "serves until it is stopped: tests/integration/jobs/view",
    "review": "serves until it is stopped: tests/integration/jobs/view",
    "label": "serves until it is stopped: tests/integration/jobs/view",
    "status RUN --watch": "shows until it is stopped",
    "finetune RUN --trainer local": "trains for minutes: tests/integration/jobs/finetune/student",
    "finetune RUN --student": "asks on a terminal before money is spent",
    "finetune RUN --wait": "goes on with a job of another call: tests/integration/jobs/finetune",
    "finetune RUN --cancel": "the same",
    "finetune RUN": "the same",
    "send IN.jsonl --out OUT.jsonl --on ray": "needs a cluster: tests/integration/ray",
    "run RUN --documents FOLDER --base-url http://localhost:8080/v1": "needs a small model",
}
RUN_ALL_THE_SAME = ("finetune RUN --trainer export",)
OTHER_CODES = {"doctor": {1}, "audit": {1}, "run": {75}}  # a finding; batches that are out
COMMANDS = list(dict.fromkeys(each for path in DOCS for each in commands_of(path)))


def reason_not_to_run(arguments: str) -> str:
    if arguments.startswith(RUN_ALL_THE_SAME):
        return ""
    return next((why for start, why in NOT_RUN.items() if arguments.startswith(start)), "")


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with start_openai_server(SERVER) as running:
        yield running


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, server: RunningServer) -> Path:
    """A finished run in a folder that has all that the docs name."""
    folder = tmp_path_factory.mktemp("docs")
    write_documents(folder / "FOLDER", ("README.md", "LICENSE", "how-it-works.md"))
    shutil.copytree(folder / "FOLDER", folder / "DOCUMENTS")
    shutil.copytree(ROOT / "tests" / "fixtures" / "labels", folder / "tests/fixtures/labels")
    shutil.copy(ROOT / "tests" / "fixtures" / "labels" / "judged.jsonl", folder / "LABELS.jsonl")
    (folder / "roles.toml").write_text('[judge]\nmodel = "gpt-6-luna"\n')
    (folder / "prompts.txt").write_text("What is a kiln?\n")
    (folder / "rows.csv").write_text("text\nA kiln is an oven.\n")
    body = {"model": "gpt-6-luna", "messages": [{"role": "user", "content": "hello"}]}
    line = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": body}
    (folder / "IN.jsonl").write_bytes(orjson.dumps(line) + b"\n")
    with pytest.MonkeyPatch.context() as patch:
        _enter(folder, server, patch)
        for command in (
            "run RUN --documents FOLDER --limit-chunks 12",
            "evaluate RUN --set evaluation.max_new_questions=3 --set evaluation.max_held_out=3",
            "prompts --copy my-prompts",
        ):
            assert _code(command) == 0, command
    shutil.copytree(folder / "RUN", folder / "runs" / "handbook")
    shutil.copytree(folder / "FOLDER", folder / "handbook")
    return folder


def _enter(folder: Path, server: RunningServer, patch: pytest.MonkeyPatch) -> None:
    patch.chdir(folder)
    environment = {"OPENAI_API_KEY": server.api_key, "OPENAI_BASE_URL": server.base_url}
    keys = {"KEY_ONE": server.api_key, "KEY_TWO": server.api_key, "HOME": str(folder)}
    for name, value in {**environment, **keys, **QUICK}.items():
        patch.setenv(name, value)


def _expanded(word: str) -> str:
    """As a shell does it; a path would lose one of the slashes of an address."""
    return os.path.expandvars(os.path.expanduser(word))  # noqa: PTH111


def _code(command: str) -> int:
    with pytest.raises(SystemExit) as ended:
        run_command([_expanded(each) for each in shlex.split(command)])
    return int(ended.value.code or 0)


@pytest.mark.parametrize("arguments", [each for each in COMMANDS if not reason_not_to_run(each)])
def test_command_of_the_docs_runs(
    arguments: str,
    made: Path,
    tmp_path: Path,
    server: RunningServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "here"
    shutil.copytree(made, folder)
    _enter(folder, server, monkeypatch)
    if "--documents" in arguments:
        shutil.rmtree(folder / "RUN")  # it begins a run
    for address in ADDRESSES:
        arguments = arguments.replace(address, server.base_url)
    arguments = arguments.replace("s3://BUCKET/PREFIX", folder.as_uri())
    if arguments.startswith("fetch"):
        assert _code(f"run RUN --store {folder.as_uri()}") == 0
        shutil.rmtree(folder / "RUN")

    code = _code(arguments)

    told = capsys.readouterr()
    if "no row came out" in told.err:  # the stand-in judges by chance
        assert "--judge" in arguments
        return
    assert code in {0, *OTHER_CODES.get(arguments.split()[0], ())}, told.err + told.out


def test_what_is_not_run_is_still_in_the_docs() -> None:
    unused = [start for start in NOT_RUN if not any(each.startswith(start) for each in COMMANDS)]

    assert unused == []
    assert len([each for each in COMMANDS if not reason_not_to_run(each)]) > 40
