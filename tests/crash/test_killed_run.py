"""A run that is killed, in whatever stage, ends as if it had not been, and pays no more."""

import random
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from jobs.dataset.judge.judge_rows import VERDICTS
from jobs.dataset.rows.export_dataset import EXPORT
from jobs.dataset.rows.unanswerable import UNANSWERABLE
from jobs.dataset.stages import DATASET
from tests.crash.runs import (
    comparable_files,
    finish,
    kill_when,
    paid_twice,
    request_ids,
    size_of,
    start,
    write_documents,
)
from tests.openai_server import RunningServer, start_openai_server

IN_FLIGHT = 4
TEXTS = ("LICENSE", "README.md", "changing-a-run.md")  # the fewest in which every stage has results
SETTINGS = (
    *("--max-in-flight", str(IN_FLIGHT), "--set", "chunks.target_tokens=192"),
    *("--set", "questions.pair_fraction=0.3"),
    *("--set", "questions.embedding_model=text-embedding-3-small"),
)
JUDGED = ("--judge", "gpt-6.1-terra", "--set", "dataset.unanswerable_fraction=0.3")
JUDGED_STAGES = (VERDICTS.name, UNANSWERABLE.name)  # without a judge they have nothing to do
MODELS = {
    "models": [
        {"id": "gpt-6.1-terra", "caches_prompts": False},
        {"id": "text-embedding-3-small", "dimensions": 256},
    ]
}
STAGES = [stage.name for stage in DATASET if stage.name not in JUDGED_STAGES]


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus") / "documents"
    write_documents(folder, TEXTS)
    return folder


@pytest.fixture
def server() -> Iterator[RunningServer]:
    latency = {"median_s": 0.01, "sigma": 0.5}
    with start_openai_server({**MODELS, "latency": latency}) as running:
        yield running


@pytest.fixture(scope="module")
def undisturbed(
    documents: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[bytes]]:
    run_dir = tmp_path_factory.mktemp("undisturbed") / "run"
    with start_openai_server(MODELS) as server:
        code, output = finish(start(server, run_dir, "--documents", str(documents), *SETTINGS))
        assert code == 0, output
        assert paid_twice(server) == 0
    return comparable_files(run_dir)


@pytest.fixture(scope="module")
def undisturbed_judged(
    documents: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[int, dict[str, list[bytes]]]:
    run_dir = tmp_path_factory.mktemp("undisturbed") / "run"
    with start_openai_server(MODELS) as server:
        flags = ("--documents", str(documents), *SETTINGS, *JUDGED)
        code, _ = finish(start(server, run_dir, *flags))
    return code, comparable_files(run_dir)


def first_file_of(run_dir: Path, stage: str) -> Path:
    return run_dir / ("dataset/train.jsonl.new" if stage == EXPORT.name else f"{stage}.jsonl")


def test_run_killed_in_every_stage_ends_as_if_undisturbed(
    documents: Path,
    server: RunningServer,
    undisturbed: dict[str, list[bytes]],
    tmp_path: Path,
) -> None:
    run_dir = tmp_path / "run"
    arguments = ("--documents", str(documents), *SETTINGS)

    again = 0
    for stage in STAGES:
        marker = first_file_of(run_dir, stage)
        assert not size_of(marker), stage  # or the kill would come before the stage
        was_killed = kill_when(start(server, run_dir, *arguments), partial(size_of, marker))
        assert was_killed or stage == EXPORT.name  # it may be over between two looks
        before, again = again, paid_twice(server)
        assert again - before <= IN_FLIGHT, stage  # of what the kill before left in flight
    code, output = finish(start(server, run_dir, *arguments))

    assert code == 0, output
    assert comparable_files(run_dir) == undisturbed
    assert paid_twice(server) - again <= IN_FLIGHT


def test_judged_run_killed_in_every_stage_of_the_judge_ends_as_if_undisturbed(
    documents: Path,
    server: RunningServer,
    undisturbed_judged: tuple[int, dict[str, list[bytes]]],
    tmp_path: Path,
) -> None:
    run_dir = tmp_path / "run"
    calm_code, calm_files = undisturbed_judged
    arguments = ("--documents", str(documents), *SETTINGS, *JUDGED)

    again = 0
    for stage in JUDGED_STAGES:
        marker = run_dir / "finished" / f"{stage}.jsonl"  # most rows are dropped by this judge
        assert not size_of(marker), stage
        assert kill_when(start(server, run_dir, *arguments), partial(size_of, marker)), stage
        before, again = again, paid_twice(server)
        assert again - before <= IN_FLIGHT, stage
    code, output = finish(start(server, run_dir, *arguments))

    assert code == calm_code, output
    assert comparable_files(run_dir) == calm_files
    assert paid_twice(server) - again <= IN_FLIGHT


def test_run_killed_again_and_again_pays_only_for_what_was_in_flight(
    documents: Path, server: RunningServer, undisturbed: dict[str, list[bytes]], tmp_path: Path
) -> None:
    run_dir = tmp_path / "run"
    arguments = ("--documents", str(documents), *SETTINGS)
    rng = random.Random(7)
    kill_count = 0

    while True:
        journal_bytes = size_of(run_dir / "journal.jsonl") + rng.randrange(1, 50_000)
        process = start(server, run_dir, *arguments)
        if not kill_when(
            process,
            lambda: size_of(run_dir / "journal.jsonl") >= journal_bytes,  # noqa: B023
        ):
            break
        kill_count += 1

    assert process.returncode == 0
    assert kill_count >= 3
    assert comparable_files(run_dir) == undisturbed
    assert paid_twice(server) <= kill_count * IN_FLIGHT
    ids = request_ids((run_dir / "journal.jsonl").read_bytes().splitlines())
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_run_lets_calls_land_and_pays_for_nothing_twice(
    signum: signal.Signals,
    code: int,
    documents: Path,
    server: RunningServer,
    undisturbed: dict[str, list[bytes]],
    tmp_path: Path,
) -> None:
    run_dir = tmp_path / "run"
    arguments = ("--documents", str(documents), *SETTINGS)

    process = start(server, run_dir, *arguments)
    while size_of(run_dir / "journal.jsonl") < 50_000 and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(signum)
    interrupted = finish(process)
    completed = finish(start(server, run_dir, *arguments))

    assert interrupted[0] == code, interrupted[1]
    assert "Traceback" not in interrupted[1]
    assert completed[0] == 0, completed[1]
    assert comparable_files(run_dir) == undisturbed
    assert paid_twice(server) == 0


def test_second_process_says_who_holds_the_run_and_leaves(
    documents: Path, server: RunningServer, tmp_path: Path
) -> None:
    run_dir = tmp_path / "run"
    arguments = ("--documents", str(documents), *SETTINGS)

    first = start(server, run_dir, *arguments)
    while not size_of(run_dir / "lock"):
        time.sleep(0.002)
    code, output = finish(start(server, run_dir, *arguments))

    assert code == 75
    assert f"in use by process {first.pid}" in output
    assert finish(first)[0] == 0
