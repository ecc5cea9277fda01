"""Runs that cannot go on: what the user is told, and what the next call does."""

from pathlib import Path

import pytest

from schemas.settings import FORMAT_VERSION
from tests.crash.runs import finish, paid_twice, start
from tests.integration.jobs.run.command_runs import SPEED, rows
from tests.openai_server import RunningServer


def test_budget_is_a_cap_over_resumes(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    run_dir = tmp_path / "run"
    arguments = ("--documents", str(documents), *SPEED)

    first, message = finish(start(server, run_dir, *arguments, "--budget-usd", "0.05"))
    second, _ = finish(start(server, run_dir, *arguments, "--budget-usd", "0.05"))
    spent_usd = sum(row["cost_usd"] for row in rows(run_dir / "journal.jsonl"))
    third, output = finish(start(server, run_dir, *arguments, "--budget-usd", "50"))

    assert (first, second) == (3, 3)
    assert "the budget of $0.0500 has no room for the next request" in message
    assert 0 < spent_usd <= 0.05
    assert third == 0, output
    assert paid_twice(server) == 0


def test_run_with_held_out_questions_and_no_row_ends_with_1(
    run_dir: Path, server: RunningServer
) -> None:
    code, output = finish(start(server, run_dir, "--set", "answers.min_chars=2999"))

    assert code == 1, output
    assert "no row came out" in output
    assert rows(run_dir / "dataset" / "held_out.jsonl")


def test_damaged_journal_stops_with_file_and_line(run_dir: Path, server: RunningServer) -> None:
    path = run_dir / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    damaged = b"".join([*lines[:4], lines[4][20:], *lines[5:]])
    path.write_bytes(damaged)

    code, output = finish(start(server, run_dir))

    assert code == 4
    assert "journal.jsonl:5: this line is damaged" in output
    assert "Traceback" not in output
    assert path.read_bytes() == damaged


def test_run_of_a_newer_version_is_refused(run_dir: Path, server: RunningServer) -> None:
    path = run_dir / "config.toml"
    text = path.read_text()
    path.write_text(text.replace(f"format_version = {FORMAT_VERSION}", "format_version = 99"))

    code, output = finish(start(server, run_dir))

    assert code == 2
    assert "format 99" in output
    assert "install a newer corpus-distill" in output


def test_wrong_key_ends_with_3_and_is_not_repeated(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    run_dir = tmp_path / "run"
    wrong = server._replace(api_key="sk-wrong-and-secret")

    code, output = finish(start(wrong, run_dir, "--documents", str(documents), *SPEED))

    assert code == 3
    assert "Traceback" not in output
    written = [path.read_bytes() for path in run_dir.rglob("*") if path.is_file()]
    assert all(b"sk-wrong-and-secret" not in text for text in [output.encode(), *written])
    finished, output = finish(start(server, run_dir))
    assert finished == 0, output


def test_requests_out_of_attempts_end_with_75_and_are_asked_by_the_next_call(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    run_dir = tmp_path / "run"
    server.control.configure(faults={"probabilities": {"server_error": 0.5}, "seed": 1})

    code, output = finish(
        start(
            server, run_dir, "--documents", str(documents), *SPEED, "--set", "limits.max_attempts=1"
        )
    )
    server.control.configure(faults={})
    second, _ = finish(start(server, run_dir))

    assert code == 75
    assert "are left" in output
    assert "Traceback" not in output
    assert second == 0
    assert paid_twice(server) == 0


@pytest.mark.parametrize(
    ("place", "files", "message"),
    [
        ("taken", {"taken": "a file"}, "a run's folder cannot be made there"),
        ("mine", {"mine/dataset/train.jsonl": "{}"}, "is no run, but holds"),
        ("my documents 🙂", {}, "name another folder for the run"),
    ],
)
def test_folder_that_is_no_place_for_a_run_is_left_as_it_is(
    tmp_path: Path,
    documents: Path,
    server: RunningServer,
    place: str,
    files: dict[str, str],
    message: str,
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    before = sorted(tmp_path.rglob("*"))

    code, output = finish(start(server, tmp_path / place, "--documents", str(documents)))

    assert code == 2
    assert message in output
    assert "Traceback" not in output
    assert sorted(tmp_path.rglob("*")) == before


def test_budget_for_a_model_of_unknown_price_is_refused_before_anything_is_kept(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    run_dir = tmp_path / "run"
    arguments = ("--documents", str(documents), "--model", "my-model", "--budget-usd", "1")

    code, output = finish(start(server, run_dir, *arguments))

    assert code == 2
    assert "the price of model 'my-model' is unknown" in output
    assert not run_dir.exists()


def test_server_that_refuses_every_request_does_not_write_off_the_corpus(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    run_dir = tmp_path / "run"
    arguments = ("--documents", str(documents), *SPEED, "--set", "chunks.target_tokens=64")
    server.control.configure(faults={"probabilities": {"invalid_request": 1.0}})

    refused, message = finish(start(server, run_dir, *arguments))
    server.control.configure(faults={})
    again, output = finish(start(server, run_dir, "--retry-failed"))

    assert refused == 3
    assert "all failed for good" in message
    assert "--retry-failed" in message
    assert again == 0, output
    assert "asking again: " in output
    assert {row["status"] for row in rows(run_dir / "journal.jsonl")} == {"completed"}
    assert {row["status"] for row in rows(run_dir / "retried.jsonl")} == {"failed"}
    assert rows(run_dir / "dataset" / "train.jsonl")
    assert paid_twice(server) == 0


@pytest.mark.parametrize("kind", ["typo", "empty", "hidden"])
def test_documents_that_are_not_there_leave_no_run(
    tmp_path: Path, server: RunningServer, kind: str
) -> None:
    folder, run_dir = tmp_path / "documents", tmp_path / "run"
    if kind != "typo":
        folder.mkdir()
    if kind == "hidden":
        (folder / ".hidden").write_text("x")

    code, output = finish(start(server, run_dir, "--documents", str(folder)))

    assert code == 2
    assert str(folder) in output
    assert not run_dir.exists()


def test_key_and_model_are_checked_before_documents_are_read(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    run_dir = tmp_path / "run"
    given = ("--documents", str(documents))

    ended, output = finish(start(server, run_dir, *given, "--model", "gpt-unheard-of"))
    is_remembered = (run_dir / "config.toml").exists()
    wrong_key = server._replace(api_key="sk-wrong")
    refused, message = finish(start(wrong_key, run_dir, *given))

    assert (ended, "has no model 'gpt-unheard-of'" in output) == (3, True)
    assert (refused, "invalid_api_key" in message) == (3, True)
    assert not (run_dir / "documents.jsonl").exists()
    assert not is_remembered
    other = ("--limit-chunks", "2", "--set", "questions.per_chunk=2")
    code, output = finish(start(server, run_dir, *given, *other))
    assert code == 0, output  # nothing was asked, so no consent is wanted


def test_host_that_cannot_be_reached_is_named_and_documents_are_read_meanwhile(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    run_dir, nowhere = tmp_path / "run", ("--base-url", "http://127.0.0.1:9/v1")
    given = ("--documents", str(documents), "--lane", "batch", "--no-wait")

    code, output = finish(start(server, run_dir, *given, *nowhere))

    assert code == 75
    assert "http://127.0.0.1:9/v1 cannot be reached" in output
    assert "Traceback" not in output
    assert (run_dir / "documents.jsonl").exists()
