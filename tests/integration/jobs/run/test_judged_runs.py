"""Runs whose rows a judge looks at, and what other settings would make of them."""

import json
import subprocess
from pathlib import Path

from tests.crash.runs import ROOT_DIR, comparable_files, finish, paid_twice, start
from tests.forked import run_forked
from tests.integration.jobs.run.command_runs import call_count, rows
from tests.openai_server import RunningServer

JUDGED = ("--judge", "gpt-6.1-terra", "--accept-changes")


def distill(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return run_forked(["-m", "jobs", *arguments])


def test_judge_joins_a_run_with_one_call_a_chunk_and_costs_nothing_again(
    run_dir: Path, server: RunningServer
) -> None:
    answers, calls = rows(run_dir / "answers.jsonl"), call_count(server)
    before = rows(run_dir / "journal.jsonl")  # some of unanswerable rows too

    refused, message = finish(start(server, run_dir, "--judge", "gpt-6.1-terra"))
    code, output = finish(start(server, run_dir, *JUDGED))
    again, _ = finish(start(server, run_dir))

    assert refused == 2
    assert "judge.of_rows: false -> true" in message
    assert code in (0, 1), output
    assert again == code
    asked = rows(run_dir / "journal.jsonl")[len(before) :]
    judged = [line for line in asked if line["purpose"] == "judge"]
    assert call_count(server) - calls == len(asked) == len(judged)
    assert len({each["chunk_id"] for each in answers}) <= len(judged)
    assert paid_twice(server) == 0
    dropped = [each for each in rows(run_dir / "rejected.jsonl") if each["stage"] == "verdicts"]
    kept = rows(run_dir / "verdicts.jsonl")
    assert len(kept) + len(dropped) == len(answers)


def test_judge_works_in_batches(tmp_path: Path, documents: Path, server: RunningServer) -> None:
    run_dir = tmp_path / "batches"
    flags = ("--documents", str(documents), "--judge", "gpt-6.1-terra", "--lane", "batch")

    code, output = finish(start(server, run_dir, *flags, "--set", "batch.poll_s=0.1"))

    assert code in (0, 1), output
    journal = rows(run_dir / "journal.jsonl")
    assert {each["lane"] for each in journal if each["purpose"] == "judge"} == {"batch"}


def test_refilter_says_what_run_then_does_and_changes_nothing(
    run_dir: Path, server: RunningServer
) -> None:
    files, calls = comparable_files(run_dir), call_count(server)
    stricter = ("--set", "answers.min_evidence_overlap=0.9")

    said = distill("refilter", str(run_dir), *stricter)

    assert said.returncode == 0, said.stderr
    assert comparable_files(run_dir) == files
    assert call_count(server) == calls
    before = len(rows(run_dir / "dataset" / "provenance.jsonl"))
    finish(start(server, run_dir, *stricter))
    after = len(rows(run_dir / "dataset" / "provenance.jsonl"))
    assert after < before
    assert f"rows: {before:,} now, {after:,} then (+0, -{before - after:,})" in said.stdout
    assert f"-{before - after:,} low_evidence_overlap" in said.stdout


def test_refilter_says_what_other_filters_would_bring_back(
    run_dir: Path, server: RunningServer
) -> None:
    rows_before = len(rows(run_dir / "dataset" / "provenance.jsonl"))
    finish(start(server, run_dir, "--set", "answers.min_chars=100"))

    said = distill("refilter", str(run_dir), "--set", "answers.min_chars=15")

    rows_now = len(rows(run_dir / "dataset" / "provenance.jsonl"))
    assert f"rows: {rows_now:,} now, {rows_before:,} then" in said.stdout
    assert f"+{rows_before - rows_now:,} too_short" in said.stdout


def test_refilter_says_what_would_come_back_where_all_rows_were_dropped(run_dir: Path) -> None:
    (run_dir / "dataset" / "provenance.jsonl").write_bytes(b"")  # as filters leave it

    said = distill("refilter", str(run_dir))

    assert said.returncode == 0, said.stderr
    assert "rows: 0 now, " in said.stdout
    assert "rows: 0 now, 0 then" not in said.stdout


def test_meanings_are_compared_in_any_lane_and_again_at_no_cost(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    run_dir = tmp_path / "meanings"
    flags = ("--documents", str(documents), "--lane", "batch", "--set", "batch.poll_s=0.1")
    by_meaning = ("--set", "questions.embedding_model=text-embedding-3-small")

    code, output = finish(start(server, run_dir, *flags, *by_meaning))
    files, calls = comparable_files(run_dir), call_count(server)
    said = distill("refilter", str(run_dir), "--set", "questions.max_same_meaning=0")

    assert code == 0, output
    journal = rows(run_dir / "journal.jsonl")
    embedded = [each for each in journal if each["purpose"] == "question_embeddings"]
    asked = {each["chunk_id"] for each in rows(run_dir / "questions.jsonl")}
    assert {each["lane"] for each in embedded} == {"batch"}
    assert len(embedded) == len(asked)
    assert paid_twice(server) == 0
    assert "same_meaning" in said.stdout, said.stderr
    assert (comparable_files(run_dir), call_count(server)) == (files, calls)


def test_refilter_of_no_run_is_one_message(tmp_path: Path) -> None:
    said = distill("refilter", str(tmp_path))

    assert said.returncode == 2
    assert "there is no run here" in said.stderr
    assert "Traceback" not in said.stderr


def test_judge_check_keeps_its_replies(tmp_path: Path, server: RunningServer) -> None:
    labels = ROOT_DIR / "tests" / "fixtures" / "labels" / "judged.jsonl"
    command = ["-m", "jobs", "judge-check", str(labels), "--judge", "gpt-6.1-terra"]
    environment = {"OPENAI_API_KEY": server.api_key, "PATH": "", "PYTHONPATH": str(ROOT_DIR)}
    flags = ["--folder", str(tmp_path / "check"), "--base-url", server.base_url]

    first = run_forked([*command, *flags], env=environment)
    calls = call_count(server)
    second = run_forked([*command, *flags], env=environment)

    assert first.returncode == 0, first.stderr
    assert calls >= 2 * len(labels.read_text().splitlines())
    assert call_count(server) == calls
    assert second.stdout == first.stdout
    assert "questions both" in json.dumps(second.stdout)
