"""`distill compare` and `distill report` as a user calls them."""

import csv
import json
import subprocess
from pathlib import Path

from tests.forked import run_forked
from tests.integration.jobs.report.report_runs import (
    FORMULA,
    HOSTILE_PATH,
    write_begun_run,
    write_evaluated_run,
)

EXIT_CONFIG, EXIT_DAMAGED = 2, 4


def distill(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return run_forked(["-m", "jobs", *map(str, arguments)])


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_compare_prints_the_table_and_writes_both_files(tmp_path: Path) -> None:
    run_dir, responses = tmp_path / "run", tmp_path / "responses.csv"
    write_evaluated_run(run_dir, question_count=9)

    ended = distill("compare", run_dir, "--responses", responses)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("Model ")
    comparison = json.loads((run_dir / "evaluation/comparison.json").read_text(encoding="utf-8"))
    assert comparison["answerable"]["sample_count"] == 6
    with responses.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 9
    assert rows[0]["document"] == HOSTILE_PATH
    assert rows[0]["tuned_open_answer"].startswith(f"'{FORMULA}\n")


def test_compare_and_report_change_no_file_but_their_own(tmp_path: Path) -> None:
    write_evaluated_run(tmp_path, question_count=3)
    before = files(tmp_path)

    distill("compare", tmp_path)
    distill("report", tmp_path)

    new = {tmp_path / "evaluation/comparison.json", tmp_path / "report.html"}
    after = files(tmp_path)
    assert after.keys() - before.keys() == new
    assert {path: after[path] for path in before} == before


def test_nothing_to_compare_is_said_with_what_to_do(tmp_path: Path) -> None:
    write_begun_run(tmp_path)

    ended = distill("compare", tmp_path)

    assert ended.returncode == EXIT_CONFIG
    assert f"run `distill evaluate {tmp_path}` first" in ended.stderr


def test_a_folder_that_is_no_run_is_refused_by_both(tmp_path: Path) -> None:
    for command in ("compare", "report"):
        ended = distill(command, tmp_path)

        assert ended.returncode == EXIT_CONFIG
        assert "there is no run here" in ended.stderr


def test_responses_never_replace_a_file_of_another_kind(tmp_path: Path) -> None:
    folder = write_evaluated_run(tmp_path, question_count=3)
    before = folder.journal_path.read_bytes()

    ended = distill("compare", tmp_path, "--responses", folder.journal_path)

    assert ended.returncode == EXIT_CONFIG
    assert "ends in .csv" in ended.stderr
    assert folder.journal_path.read_bytes() == before


def test_a_damaged_score_is_named_with_its_line(tmp_path: Path) -> None:
    folder = write_evaluated_run(tmp_path, question_count=3)
    scores_path = folder.results_path("evaluation/scores")
    scores_path.write_bytes(scores_path.read_bytes() + b'{"score_id":"1"}\n')

    ended = distill("report", tmp_path)

    assert ended.returncode == EXIT_DAMAGED
    assert "scores.jsonl:19" in ended.stderr
    assert not (tmp_path / "report.html").exists()
