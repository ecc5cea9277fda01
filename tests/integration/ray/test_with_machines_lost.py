"""Machines of a cluster are lost while a run is under way, and its head."""

import shutil
from functools import partial
from pathlib import Path

import pytest

from jobs.documents.read_documents import LEAST_BYTES_ELSEWHERE
from tests.crash.runs import comparable_files, finish
from tests.integration.ray.cluster import RunningCluster, kill
from tests.integration.ray.losses import at_work, call_of, stages_with_a_loss
from tests.integration.ray.runs import (
    EMBEDDING,
    IN_FLIGHT,
    JUDGE,
    MODELS,
    QUESTIONS,
    assert_is_whole,
    bought_again,
    has_called,
    start_run,
    when,
)
from tests.openai_server import RunningServer, start_openai_server

EVERY_STAGE = ("--judge", JUDGE, "--set", f"questions.embedding_model={EMBEDDING}")
MORE_IN_FLIGHT = 2 * IN_FLIGHT  # or all the slow replies take long


@pytest.fixture
def large_documents(tmp_path: Path, documents: Path) -> Path:
    """The same with a page that is large, but for its text, so that workers read them."""
    folder = tmp_path / "documents"
    shutil.copytree(documents, folder)
    picture = "x" * LEAST_BYTES_ELSEWHERE
    page = f"<h1>Wide</h1><!--{picture}--><p>The lathe turns at 400 revolutions a minute.</p>"
    (folder / "wide.html").write_text(page)
    return folder


def test_loss_of_machines_workers_and_the_lender_changes_nothing_in_the_files(
    cluster: RunningCluster, very_slow_server: RunningServer, large_documents: Path, tmp_path: Path
) -> None:
    run_dir, here = tmp_path / "run", tmp_path / "here"
    with start_openai_server({"models": MODELS}) as quick_server:
        code_here, said = finish(start_run(quick_server, here, large_documents, *EVERY_STAGE))
    assert (here / "verdicts.jsonl").exists(), said  # the judge may leave no row

    def last_at_work(stage: str) -> list[int]:
        """The workers of the machine that was added last."""
        senders = partial(cluster.pids_of, "ShardSender", raylets=cluster.raylets[-1:])
        return at_work(senders, call_of(run_dir, stage))

    def lender_at_work(stage: str) -> list[int]:
        return at_work(partial(cluster.pids_of, "CallLender"), call_of(run_dir, stage))

    def lose_machine_in(stage: str) -> None:
        when(partial(last_at_work, stage), process)
        cluster.lose_machine()  # its workers outlive it for a while
        cluster.add_machine()

    flags = (*EVERY_STAGE, "--max-in-flight", str(MORE_IN_FLIGHT), "--budget-usd", "5")
    process = start_run(very_slow_server, run_dir, large_documents, *flags, cluster=cluster)
    when(partial(last_at_work, "documents"), process)
    kill(last_at_work("documents"))
    lose_machine_in("questions")
    lose_machine_in("question_vectors")
    when(partial(lender_at_work, "answers"), process)
    kill(lender_at_work("answers"))
    lose_machine_in("verdicts")
    code, said = finish(process)

    assert code == code_here, said
    with_a_loss = {"documents", "questions", "question_vectors", "verdicts"}
    assert stages_with_a_loss(said) >= with_a_loss
    assert bought_again(very_slow_server) <= 3 * MORE_IN_FLIGHT  # reading asks nobody
    assert_is_whole(run_dir, comparable_files(here))


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
