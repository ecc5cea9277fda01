"""Machines of a cluster are lost while a run is under way, and its head."""

from contextlib import suppress
from pathlib import Path

import pytest

from tests.crash.runs import finish
from tests.integration.ray.cluster import RunningCluster
from tests.integration.ray.runs import (
    IN_FLIGHT,
    QUESTIONS,
    assert_is_whole,
    bought_again,
    has_called,
    start_run,
    when,
)
from tests.openai_server import RunningServer

pytest.importorskip("ray")


def is_answering(run_dir: Path) -> bool:
    """Whether a worker has kept an answer: then others are being asked for."""
    with suppress(FileNotFoundError):  # what was taken in goes, also while one looks
        for path in (run_dir / "shards").rglob("journal.jsonl"):
            if b'"purpose":"answers"' in path.read_bytes():
                return True
    return False


def test_machine_that_is_lost_in_each_stage_changes_nothing_in_the_files(
    cluster: RunningCluster,
    very_slow_server: RunningServer,
    documents: Path,
    files_of_one_machine: dict[str, list[bytes]],
    tmp_path: Path,
) -> None:
    run_dir = tmp_path / "run"
    on_every_core = (
        "--workers",
        "4",
    )  # so that others take their places on the machine that is added
    process = start_run(very_slow_server, run_dir, documents, *on_every_core, cluster=cluster)
    when(has_called(very_slow_server, QUESTIONS // 3), process)
    cluster.lose_machine()  # its worker outlives it for a while
    cluster.add_machine()
    when(lambda: is_answering(run_dir), process)
    cluster.lose_machine()
    cluster.add_machine()
    code, said = finish(process)

    assert code == 0, said
    of_questions, _, of_answers = said.partition("shards of answers")
    assert "a worker is lost" in of_questions
    assert "a worker is lost" in of_answers
    assert bought_again(very_slow_server) <= 2 * 2 * IN_FLIGHT  # two workers a machine
    assert_is_whole(run_dir, files_of_one_machine)


def test_head_that_is_lost_ends_the_command_in_one_message_and_the_same_one_goes_on(
    cluster: RunningCluster,
    slow_server: RunningServer,
    documents: Path,
    files_of_one_machine: dict[str, list[bytes]],
    tmp_path: Path,
) -> None:
    run_dir = tmp_path / "run"
    process = start_run(slow_server, run_dir, documents, cluster=cluster)
    when(has_called(slow_server, QUESTIONS // 3), process)
    cluster.lose_head()
    lost, said = finish(process)

    code, last_said = finish(start_run(slow_server, run_dir, documents))

    assert lost == 75, said
    assert "the Ray cluster, or its head, is gone" in said
    assert "Traceback" not in said
    assert code == 0, last_said
    assert bought_again(slow_server) <= 2 * IN_FLIGHT
    assert_is_whole(run_dir, files_of_one_machine)
