"""The `distill run` command: what comes of a folder of documents."""

from pathlib import Path

from tests.crash.runs import comparable_files, finish, start
from tests.integration.jobs.run.command_runs import SPEED, call_count, rows
from tests.openai_server import RunningServer


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


def test_files_that_cannot_be_read_cost_one_clear_line_each_and_nothing_else(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    run_dir = tmp_path / "run"
    (documents / "broken.pdf").write_bytes(b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog")
    (documents / "empty.md").write_bytes(b"")
    (documents / "binary.txt").write_bytes(bytes(range(256)) * 20)
    (documents / "line\nbreak.md").write_text("# Heading\n\n" + "A sentence of prose. " * 30)
    (documents / "loop").symlink_to(documents)
    (documents / "twice.txt").write_text((documents / "README.md").read_text() + " Once more.")
    (documents / "little.md").write_text("# Little\n\nToo short, call jo@kiln.de.\n")
    for number in range(3):
        (documents / f"picture{number}.png").write_bytes(b"\x89PNG")

    mask = ("--set", "chunks.private_data=mask_all")
    code, output = finish(start(server, run_dir, "--documents", str(documents), *SPEED, *mask))
    lines = [line for line in output.splitlines() if line.startswith("not read: ")]

    assert code == 0, output
    assert len(lines) == 5
    assert "not read: empty.md: is empty (0 bytes)" in lines
    assert "not read: 3 of unknown type .png" in lines
    for name in ("broken.pdf", "binary.txt", "loop"):
        assert sum(line.startswith(f"not read: {name}: ") for line in lines) == 1
    assert any(d["path"] == "line\\x0abreak.md" for d in rows(run_dir / "documents.jsonl"))
    assert rows(run_dir / "dataset" / "train.jsonl")
    _assert_each_drop_names_its_place(run_dir)


def _assert_each_drop_names_its_place(run_dir: Path) -> None:
    """By the path of its document, and by its chunk where there is one."""
    drops = rows(run_dir / "rejected.jsonl")
    chunk_ids = {row["chunk_id"] for row in rows(run_dir / "chunks.jsonl")}
    reasons = {drop["reason"] for drop in drops}
    assert {"empty_file", "unknown_type", "duplicate_document", "masked", "too_short"} <= reasons
    for drop in drops:
        assert drop["path"], drop
        if drop["stage"] == "chunks" and drop["reason"] == "too_short":
            assert drop["chunk_id"] == drop["item_id"], drop
        elif drop["stage"] in ("questions", "kept_questions", "answers", "unanswerable"):
            assert drop["chunk_id"] in chunk_ids, drop


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
