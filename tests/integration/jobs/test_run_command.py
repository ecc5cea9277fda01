"""The `distill` command on real files, in a process of its own, against the stand-in."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.runs import comparable_files, finish, paid_twice, start, write_documents
from tests.openai_server import RunningServer, start_openai_server

MODELS = [{"id": "gpt-6.1-terra", "caches_prompts": False}]
SPEED = ("--max-in-flight", "16")


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
    code, output = finish(start(server, folder, "--documents", str(documents), *SPEED))
    assert code == 0, output
    return folder


def call_count(server: RunningServer) -> int:
    return int(server.control.settled_totals()["calls"])


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_dataset_is_what_fine_tuning_takes_and_tells_where_it_comes_from(run_dir: Path) -> None:
    train = rows(run_dir / "dataset" / "train.jsonl")
    validation = rows(run_dir / "dataset" / "validation.jsonl")
    provenance = rows(run_dir / "dataset" / "provenance.jsonl")
    documents = {d["document_id"]: d["text"] for d in rows(run_dir / "documents.jsonl")}

    assert len(train) >= 10
    assert len(validation) >= 1
    for row in [*train, *validation]:
        assert set(row) == {"messages"}
        assert [set(message) for message in row["messages"]] == [{"role", "content"}] * 3
        assert [m["role"] for m in row["messages"]] == ["system", "user", "assistant"]
        assert all(m["content"].strip() for m in row["messages"])
    assert len(provenance) == len(train) + len(validation)
    for source in provenance:
        row = {"train.jsonl": train, "validation.jsonl": validation}[source["file"]][source["row"]]
        for span in source["answer_evidence"]:
            text = documents[source["document_id"]][span["start_char"] : span["end_char"]]
            assert text in row["messages"][1]["content"]


def test_no_held_out_text_is_trained_on(run_dir: Path) -> None:
    held_out = rows(run_dir / "dataset" / "held_out.jsonl")
    trained = "".join(str(row) for row in rows(run_dir / "dataset" / "train.jsonl"))

    assert held_out
    assert all(repr(question["context"])[1:-1] not in trained for question in held_out)


def test_same_command_again_asks_nothing_and_changes_nothing(
    run_dir: Path, server: RunningServer
) -> None:
    files, calls = comparable_files(run_dir), call_count(server)

    code, output = finish(start(server, run_dir))

    assert code == 0, output
    assert call_count(server) == calls
    assert comparable_files(run_dir) == files


def test_change_that_asks_anew_says_what_it_costs_and_waits_for_consent(
    run_dir: Path, server: RunningServer
) -> None:
    files, calls = comparable_files(run_dir), call_count(server)
    chunk_count = len(rows(run_dir / "chunks.jsonl"))

    refused, message = finish(start(server, run_dir, "--set", "questions.per_chunk=2"))
    untouched = comparable_files(run_dir)
    accepted, output = finish(
        start(server, run_dir, "--set", "questions.per_chunk=2", "--accept-changes")
    )

    assert refused == 2
    assert "questions.per_chunk: 3 -> 2" in message
    assert f"{chunk_count:,} would be asked anew" in message
    assert "--accept-changes" in message
    assert untouched == files
    assert accepted == 0, output
    assert call_count(server) > calls
    assert paid_twice(server) == 0
    back, output = finish(
        start(server, run_dir, "--set", "questions.per_chunk=3", "--accept-changes")
    )
    assert back == 0, output
    restored = comparable_files(run_dir)
    assert {n: restored[n] for n in files if n != "journal.jsonl"} == {
        n: files[n] for n in files if n != "journal.jsonl"
    }


def test_threshold_is_re_applied_for_free(run_dir: Path, server: RunningServer) -> None:
    calls = call_count(server)
    question_count = len(rows(run_dir / "questions.jsonl"))

    code, output = finish(start(server, run_dir, "--set", "questions.min_evidence_overlap=0.9"))

    assert code == 0, output
    assert "changed: questions.min_evidence_overlap: 0.2 -> 0.9" in output
    assert call_count(server) == calls
    assert len(rows(run_dir / "questions.jsonl")) < question_count


def test_documents_added_later_join_the_run(
    run_dir: Path, documents: Path, server: RunningServer
) -> None:
    before = {row["chunk_id"] for row in rows(run_dir / "chunks.jsonl")}
    calls = call_count(server)
    root = Path(__file__).parents[3]
    shutil.copy(root / "docs" / "filters.md", documents / "added.md")

    code, output = finish(start(server, run_dir))

    assert code == 0, output
    after = {row["chunk_id"] for row in rows(run_dir / "chunks.jsonl")}
    assert before < after
    assert call_count(server) > calls
    assert paid_twice(server) == 0


def test_changed_document_is_named_and_needs_consent(
    run_dir: Path, documents: Path, server: RunningServer
) -> None:
    path = documents / "README.md"
    path.write_text(path.read_text(encoding="utf-8").replace("teacher", "tutor"), encoding="utf-8")

    refused, message = finish(start(server, run_dir))
    accepted, output = finish(start(server, run_dir, "--accept-changes"))

    assert refused == 2
    assert "document changed: README.md" in message
    assert accepted == 0, output
    texts = [d["text"] for d in rows(run_dir / "documents.jsonl") if d["path"] == "README.md"]
    assert len(texts) == 1
    assert "tutor" in str(texts[0])
    assert "teacher, reads" not in (run_dir / "dataset" / "train.jsonl").read_text("utf-8")


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
    path.write_text(path.read_text().replace("format_version = 1", "format_version = 99"))

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


def test_files_that_cannot_be_read_cost_one_clear_line_each_and_nothing_else(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    run_dir = tmp_path / "run"
    (documents / "broken.pdf").write_bytes(b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog")
    (documents / "empty.md").write_bytes(b"")
    (documents / "binary.txt").write_bytes(bytes(range(256)) * 20)
    (documents / "line\nbreak.md").write_text("# Heading\n\n" + "A sentence of prose. " * 30)
    (documents / "loop").symlink_to(documents)
    for number in range(3):
        (documents / f"picture{number}.png").write_bytes(b"\x89PNG")

    code, output = finish(start(server, run_dir, "--documents", str(documents), *SPEED))
    lines = [line for line in output.splitlines() if line.startswith("not read: ")]

    assert code == 0, output
    assert len(lines) == 5
    assert "not read: empty.md: is empty (0 bytes)" in lines
    assert "not read: 3 of unknown type .png" in lines
    for name in ("broken.pdf", "binary.txt", "loop"):
        assert sum(line.startswith(f"not read: {name}: ") for line in lines) == 1
    assert any(d["path"] == "line\\x0abreak.md" for d in rows(run_dir / "documents.jsonl"))
    assert rows(run_dir / "dataset" / "train.jsonl")


def test_file_that_was_mended_is_read_and_leaves_the_drop_ledger(
    run_dir: Path, documents: Path, server: RunningServer
) -> None:
    (documents / "mended.md").write_bytes(b"")

    first, before = finish(start(server, run_dir))
    (documents / "mended.md").write_bytes((documents / "README.md").read_bytes() + b"\nMore.\n")
    second, after = finish(start(server, run_dir))

    assert (first, second) == (0, 0)
    assert "not read: mended.md" in before
    assert "mended.md" not in after
    assert any(d["path"] == "mended.md" for d in rows(run_dir / "documents.jsonl"))


@pytest.mark.parametrize(
    ("place", "files", "message"),
    [
        ("taken", {"taken": "a file"}, "cannot be made a run's folder"),
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


def test_run_goes_to_the_endpoints_of_its_settings(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    run_dir = tmp_path / "run"
    nowhere = server._replace(base_url="http://127.0.0.1:9/v1")
    endpoint = f'endpoints=[{{base_url="{server.base_url}",key_variable="OPENAI_API_KEY"}}]'

    code, output = finish(
        start(nowhere, run_dir, "--documents", str(documents), *SPEED, "--set", endpoint)
    )

    assert code == 0, output
    assert rows(run_dir / "dataset" / "train.jsonl")


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


def test_limit_can_be_lifted_again(tmp_path: Path, documents: Path, server: RunningServer) -> None:
    run_dir = tmp_path / "run"

    sample, _ = finish(
        start(server, run_dir, "--documents", str(documents), *SPEED, "--limit-chunks", "3")
    )
    sampled = len(rows(run_dir / "finished" / "questions.jsonl"))
    rest, output = finish(start(server, run_dir, "--set", "limit_chunks="))

    assert (sample, sampled) == (0, 3)
    assert rest == 0, output
    chunk_count = len(rows(run_dir / "chunks.jsonl"))
    assert len(rows(run_dir / "finished" / "questions.jsonl")) == chunk_count
    assert paid_twice(server) == 0
