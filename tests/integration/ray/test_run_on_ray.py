"""`distill run --on ray` on a real cluster of two raylets, beside the same run on one machine."""

import signal
from pathlib import Path

from tests.crash.runs import finish
from tests.integration.ray.cluster import RunningCluster
from tests.integration.ray.runs import (
    IN_FLIGHT,
    QUESTIONS,
    assert_is_whole,
    bought_again,
    distill,
    has_called,
    start_run,
    when,
)
from tests.openai_server import RunningServer


def test_begun_here_killed_and_stopped_there_and_ended_here_the_files_are_the_same(
    cluster: RunningCluster,
    slow_server: RunningServer,
    documents: Path,
    files_of_one_machine: dict[str, list[bytes]],
    tmp_path: Path,
) -> None:
    run_dir = tmp_path / "run"
    first = start_run(slow_server, run_dir, documents)
    when(has_called(slow_server, QUESTIONS // 4), first)
    first.send_signal(signal.SIGINT)
    finish(first)

    second = start_run(slow_server, run_dir, documents, "--budget-usd", "5", cluster=cluster)
    when(has_called(slow_server, QUESTIONS // 2), second)
    during = distill("status", run_dir)
    second.kill()
    killed, _ = finish(second)
    looked = distill("status", run_dir)
    third = start_run(slow_server, run_dir, documents, cluster=cluster)
    when((run_dir / "answers.jsonl").exists, third)
    third.send_signal(signal.SIGINT)
    stopped, said = finish(third)
    assert not (run_dir / "shards").exists()
    code, last_said = finish(start_run(slow_server, run_dir, documents))

    assert "taken in" not in during
    assert killed == -signal.SIGKILL
    assert "what an earlier call's workers had written is taken in" in looked
    assert stopped == 130, said
    assert code == 0, last_said
    assert bought_again(slow_server) <= 2 * IN_FLIGHT  # of the killed command alone
    assert_is_whole(run_dir, files_of_one_machine)
