"""The provider's prompt cache in a run of its own process, against the stand-in."""

from itertools import pairwise
from pathlib import Path

import orjson
import pytest

from tests.crash.runs import comparable_files, finish, start, write_documents
from tests.integration.jobs.run.command_runs import SPEED, rows
from tests.openai_server import RunningServer, start_openai_server
from tests.openai_server.bill import bill_usd

LATENCY = {"latency": {"median_s": 0.05}}
BY_QUESTION = ("--set", "answers.layout=question")  # so that requests share a chunk
NONE_ALONE = ("--set", "dataset.unanswerable_fraction=0")  # the judge sees each chunk once
FIELDS = ("prompt_cache_key", "prompt_cache_options")


def run(server: RunningServer, run_dir: Path, documents: Path, *flags: str) -> str:
    code, output = finish(
        start(
            server,
            run_dir,
            "--documents",
            str(documents),
            *SPEED,
            *BY_QUESTION,
            *NONE_ALONE,
            *flags,
        )
    )
    assert code == 0, output
    return output


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    write_documents(folder, ("LICENSE",))
    return folder


def test_shared_prefixes_are_written_once_and_read_and_the_dollars_are_the_bill(
    documents: Path, tmp_path: Path
) -> None:
    with start_openai_server(LATENCY) as server:
        run(server, tmp_path / "off", documents)
        off_usd = bill_usd(server)
        before = server.control.totals()

        output = run(server, tmp_path / "on", documents, "--set", "teacher.prompt_cache=on")

        on_usd, after = bill_usd(server) - off_usd, server.control.totals()
        asked = [orjson.loads(call["body"]) for call in server.control.requests()]
    read, written = (after[name] - before[name] for name in ("cached_tokens", "cache_write_tokens"))
    made, wanted = comparable_files(tmp_path / "on"), comparable_files(tmp_path / "off")
    assert made["dataset/train.jsonl"] == wanted["dataset/train.jsonl"]
    assert before["cached_tokens"] == 0  # the end of each prompt was written, and nobody reads it
    assert before["cache_write_tokens"] > 0.95 * before["prompt_tokens"]
    assert read > written
    assert on_usd < 0.7 * off_usd
    spent_usd = sum(line["cost_usd"] for line in rows(tmp_path / "on" / "journal.jsonl"))
    assert spent_usd == pytest.approx(on_usd, rel=1e-3)
    assert " written to it)" in output
    chunks = [body["messages"][1]["content"][0]["text"] for body in asked if _is_marked(body)]
    turns = sum(one != other for one, other in pairwise(chunks))
    assert len(set(chunks)) > 1
    assert turns <= 2 * len(set(chunks))  # calls about a chunk go out next to each other


def _is_marked(body: dict[str, object]) -> bool:
    return orjson.dumps(body).count(b"prompt_cache_breakpoint") == 2


def test_server_that_refuses_the_fields_is_asked_without_and_loses_nothing(
    documents: Path, tmp_path: Path
) -> None:
    with start_openai_server({**LATENCY, "unknown_parameters": FIELDS}) as server:
        output = run(server, tmp_path / "run", documents, "--set", "teacher.prompt_cache=on")
        codes = server.control.settled_totals()["statuses"]

    assert "does not know the fields of the prompt cache" in output
    assert codes["400"] <= 4  # those that were under way when the first was refused
    assert all(line["status"] == "completed" for line in rows(tmp_path / "run" / "journal.jsonl"))


def test_servers_other_than_openai_get_none_of_the_fields_unless_told(
    documents: Path, tmp_path: Path
) -> None:
    with start_openai_server(LATENCY) as server:
        run(server, tmp_path / "run", documents)
        bodies = [orjson.loads(call["body"]) for call in server.control.requests()]

    assert bodies
    assert not any(field in body for body in bodies for field in FIELDS)
