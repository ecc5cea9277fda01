"""Runs that go on under other settings, or with other documents."""

import re
import shutil
from pathlib import Path

import pytest

from tests.crash.runs import (
    TEXTS_DIR,
    comparable_files,
    finish,
    paid_twice,
    start,
    start_command,
)
from tests.integration.jobs.run.command_runs import SPEED, call_count, rows
from tests.openai_server import RunningServer


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
    assert "add: --set questions.per_chunk=3\n" in message
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


def test_run_whose_settings_are_lost_is_made_again_from_its_journal_with_consent(
    run_dir: Path, documents: Path, server: RunningServer
) -> None:
    files, calls = comparable_files(run_dir), call_count(server)
    flags = ("--documents", str(documents), *SPEED)
    (run_dir / "config.toml").unlink()

    refused, message = finish(start(server, run_dir, *flags))
    untouched = comparable_files(run_dir)
    accepted, output = finish(start(server, run_dir, *flags, "--accept-changes"))

    assert refused == 4
    assert f"{run_dir / 'config.toml'}: is gone" in message
    assert "--accept-changes" in message
    assert untouched == files
    assert accepted == 0, output
    assert comparable_files(run_dir) == files
    assert call_count(server) == calls


@pytest.mark.parametrize(
    "command",
    [
        ("run", "--set", "questions.per_chunk=2"),
        ("plan", "--set", "questions.per_chunk=2"),
        ("refilter", "--set", "questions.min_evidence_overlap=0.5"),
    ],
    ids=lambda command: command[0],
)
def test_damaged_file_that_a_preview_meets_is_named_where_it_lies(
    command: tuple[str, ...], run_dir: Path, server: RunningServer
) -> None:
    path = run_dir / "chunks.jsonl"
    first, second, *others = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([first, second[: len(second) // 2] + b"\n", *others]))

    code, message = finish(start_command(server, command[0], str(run_dir), *command[1:]))

    assert code == 4, message
    assert f"{path}:2: this line is damaged" in message
    assert "restore the file from a backup" in message
    assert ".preview" not in message
    assert not (run_dir / ".preview").exists()


def test_threshold_is_re_applied_for_free(run_dir: Path, server: RunningServer) -> None:
    calls = call_count(server)
    question_count = len(rows(run_dir / "questions.jsonl"))

    code, output = finish(start(server, run_dir, "--set", "questions.min_evidence_overlap=0.9"))

    assert code == 0, output
    assert "changed: questions.min_evidence_overlap: 0.1 -> 0.9" in output
    assert call_count(server) == calls
    assert len(rows(run_dir / "questions.jsonl")) < question_count


def test_documents_added_later_are_named_with_their_cost_and_join_with_consent(
    run_dir: Path, documents: Path, server: RunningServer
) -> None:
    before = {row["chunk_id"] for row in rows(run_dir / "chunks.jsonl")}
    calls = call_count(server)
    shutil.copy(TEXTS_DIR / "filters.md", documents / "added.md")

    refused, message = finish(start(server, run_dir))
    refused_calls = call_count(server)
    code, output = finish(start(server, run_dir, "--accept-changes"))

    assert refused == 2
    assert refused_calls == calls
    assert "new documents: 1 (added.md)" in message
    assert re.search(r"would be asked anew \(at most \$0\.\d+\)", message)
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


def test_file_that_was_mended_is_read_and_leaves_the_drop_ledger(
    run_dir: Path, documents: Path, server: RunningServer
) -> None:
    (documents / "mended.md").write_bytes(b"")

    first, before = finish(start(server, run_dir))
    (documents / "mended.md").write_bytes((documents / "README.md").read_bytes() + b"\nMore.\n")
    second, after = finish(start(server, run_dir, "--accept-changes"))

    assert (first, second) == (0, 0)
    assert "not read: mended.md" in before
    assert "not read: mended.md" not in after
    assert any(d["path"] == "mended.md" for d in rows(run_dir / "documents.jsonl"))


def test_a_lower_limit_asks_nothing_further_of_what_lies_beyond_it(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    run_dir = tmp_path / "run"
    given = ("--documents", str(documents), *SPEED)

    finish(start(server, run_dir, *given, "--limit-chunks", "6", "--budget-usd", "0.04"))
    asked = {row["item_id"] for row in rows(run_dir / "finished" / "questions.jsonl")}
    code, output = finish(start(server, run_dir, "--set", "limit_chunks=2", "--set", "budget.usd="))

    assert code == 0, output
    assert len(asked) > 2
    chunks = {row["chunk_id"] for row in rows(run_dir / "answers.jsonl")}
    smallest = sorted(row["chunk_id"] for row in rows(run_dir / "chunks.jsonl"))
    assert chunks <= set(smallest[:2])


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


def test_what_a_threshold_brings_back_is_bought_only_with_consent(
    run_dir: Path, documents: Path, server: RunningServer, tmp_path: Path
) -> None:
    strict_dir, strict = tmp_path / "strict", ("--set", "questions.min_evidence_overlap=0.9")
    code, output = finish(
        start(server, strict_dir, "--documents", str(documents), "--max-in-flight", "16", *strict)
    )
    assert code == 0, output
    calls, files = call_count(server), comparable_files(strict_dir)
    lenient = ("--set", "questions.min_evidence_overlap=0.2")

    refused, message = finish(start(server, strict_dir, *lenient))
    untouched, calls_refused = comparable_files(strict_dir), call_count(server)
    accepted, output = finish(start(server, strict_dir, *lenient, "--accept-changes"))

    assert refused == 2
    assert "stage answers" in message
    assert "would be asked anew (at most $" in message
    assert (untouched, calls_refused) == (files, calls)
    assert accepted == 0, output
    assert call_count(server) > calls
    assert comparable_files(strict_dir) == comparable_files(run_dir)


def test_sample_and_then_the_rest_comes_to_what_the_whole_comes_to(
    run_dir: Path, documents: Path, server: RunningServer, tmp_path: Path
) -> None:
    sampled_dir = tmp_path / "sampled"
    given = ("--documents", str(documents), "--max-in-flight", "16")

    sample = finish(start(server, sampled_dir, *given, "--limit-chunks", "7"))
    rest = finish(start(server, sampled_dir, "--set", "limit_chunks="))

    assert (sample[0], rest[0]) == (0, 0), rest[1]
    assert comparable_files(sampled_dir) == comparable_files(run_dir)
    assert call_count(server) == len(rows(run_dir / "journal.jsonl"))
