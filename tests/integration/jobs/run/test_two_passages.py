"""Runs with questions that need two passages of a document."""

import json
from pathlib import Path

from tests.crash.runs import comparable_files, finish, paid_twice, start
from tests.forked import run_forked
from tests.integration.jobs.run.command_runs import SPEED, call_count, rows
from tests.openai_server import RunningServer

PAIRS = ("--set", "questions.pair_fraction=1", "--set", "dataset.unanswerable_fraction=0")


def test_pairs_join_a_run_with_consent_and_nothing_is_bought_twice(
    run_dir: Path, documents: Path, server: RunningServer
) -> None:
    calls = call_count(server)
    asked_before = {line["request_id"] for line in rows(run_dir / "journal.jsonl")}

    refused, message = finish(start(server, run_dir, *PAIRS))
    plan = run_forked(["-m", "jobs", "plan", str(run_dir), *PAIRS])
    code, output = finish(start(server, run_dir, *PAIRS, "--accept-changes", *SPEED))
    calls_with_pairs = call_count(server)
    again, _ = finish(start(server, run_dir))
    audit = run_forked(["-m", "jobs", "audit", str(run_dir)])
    exported = run_forked(["-m", "jobs", "export", str(run_dir), "--format", "citation"])
    before = comparable_files(run_dir)
    stricter = ("--set", "answers.min_evidence_overlap=0.9")
    refiltered = run_forked(["-m", "jobs", "refilter", str(run_dir), *stricter])

    assert refused == 2
    assert "questions.pair_fraction: 0.0 -> 1.0" in message
    assert plan.returncode == 0, plan.stderr
    assert (code, again) == (0, 0), output
    assert calls_with_pairs > calls
    assert call_count(server) == calls_with_pairs
    assert paid_twice(server) == 0
    journal = rows(run_dir / "journal.jsonl")
    assert asked_before <= {line["request_id"] for line in journal}
    assert (audit.returncode, exported.returncode) == (0, 0), audit.stdout + exported.stderr
    assert refiltered.returncode == 0, refiltered.stderr
    assert "low_evidence_overlap" in refiltered.stdout
    assert comparable_files(run_dir) == before
    check_rows(run_dir)


def check_rows(run_dir: Path) -> None:
    chunks = {each["chunk_id"]: each for each in rows(run_dir / "chunks.jsonl")}
    held_out = rows(run_dir / "dataset" / "held_out.jsonl")
    paired = [
        row for row in rows(run_dir / "dataset" / "provenance.jsonl") if "second_chunk_id" in row
    ]
    assert paired
    assert any("second_chunk_id" in each for each in held_out)
    for row in (*paired, *(each for each in held_out if "second_chunk_id" in each)):
        one, other = chunks[row["chunk_id"]], chunks[row["second_chunk_id"]]
        assert one["document_id"] == other["document_id"]
        assert one["side"] == other["side"]
    lines = {name: rows(run_dir / "dataset" / name) for name in ("train.jsonl", "validation.jsonl")}
    files: dict[str, set[str]] = {}
    for row in rows(run_dir / "dataset" / "provenance.jsonl"):
        user = lines[row["file"]][row["row"]]["messages"][1]["content"]
        for name in ("chunk_id", "second_chunk_id"):
            if name in row:
                assert chunks[row[name]]["text"] in user
                files.setdefault(row[name], set()).add(row["file"])
    assert all(len(each) == 1 for each in files.values())
    cited = (run_dir / "export" / "citation" / "train.jsonl").read_text().splitlines()
    assert len(cited) == len(lines["train.jsonl"])


def test_pairs_are_asked_in_batches_and_judged(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    run_dir, live_dir = tmp_path / "batches", tmp_path / "live"
    flags = (
        "--documents",
        str(documents),
        *PAIRS,
        "--judge",
        "gpt-6.1-terra",
        "--limit-chunks",
        "8",
    )

    code, output = finish(
        start(server, run_dir, *flags, "--lane", "batch", "--set", "batch.poll_s=0.1")
    )
    live, _ = finish(start(server, live_dir, *flags, *SPEED))

    assert code in (0, 1), output
    assert live == code
    assert any("second_chunk_id" in each for each in rows(run_dir / "answers.jsonl"))
    for name in ("questions", "kept_questions", "answers"):
        ways = (
            sorted(map(json.dumps, rows(each / f"{name}.jsonl"))) for each in (run_dir, live_dir)
        )
        assert len(set(map(tuple, ways))) == 1, name
