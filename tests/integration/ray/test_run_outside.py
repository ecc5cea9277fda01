"""`distill run --on ray --segments s3://...`: workers and the command have no folder in common."""

import signal
from pathlib import Path

import pytest

pytest.importorskip("s3fs")

from tests.crash.runs import finish
from tests.integration.outside.s3_server import BUCKET, S3Server
from tests.integration.ray.cluster import RunningCluster, kill
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

URL = f"s3://{BUCKET}/runs"
UNSEALED = 2 * IN_FLIGHT * 10  # what two workers may buy in 3 s, and have in flight


def test_worker_and_command_are_killed_and_the_files_are_those_of_one_machine(
    cluster: RunningCluster,
    s3_server: S3Server,
    slow_server: RunningServer,
    documents: Path,
    files_of_one_machine: dict[str, list[bytes]],
    tmp_path: Path,
) -> None:
    run_dir, keys = tmp_path / "run", s3_server.environment
    flags = ("--segments", URL, "--budget-usd", "5")
    first = start_run(slow_server, run_dir, documents, *flags, cluster=cluster, environment=keys)
    when(has_called(slow_server, QUESTIONS // 3), first)
    kill(cluster.pids_of("ShardSender"))
    when(lambda: (run_dir / "questions.jsonl").stat().st_size > 0, first)
    first.send_signal(signal.SIGKILL)
    finish(first)

    said = distill("status", run_dir, keys)
    settled = len((run_dir / "journal.jsonl").read_bytes().splitlines())
    audited = distill("audit", run_dir)
    second = start_run(slow_server, run_dir, documents)
    code, last_said = finish(second)

    assert "what an earlier call's workers had written is taken in" in said
    assert settled
    assert f"questions        {settled} requests" in said
    assert "not ok" not in audited
    assert code == 0, last_said
    assert bought_again(slow_server) <= UNSEALED
    assert s3_server.open_store("runs").names("") == []
    assert_is_whole(run_dir, files_of_one_machine)
    secret = s3_server.keys.secret.encode()
    for folder in (run_dir, cluster.folder):
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert [str(path) for path in files if secret in path.read_bytes()] == []


def test_store_that_does_not_answer_or_refuses_is_told_before_anything_is_begun(
    s3_server: S3Server, slow_server: RunningServer, documents: Path, tmp_path: Path
) -> None:
    run_dir, given = tmp_path / "run", ("--on", "ray", "--segments", URL)
    keys = s3_server.environment
    wrong = {**keys, "AWS_SECRET_ACCESS_KEY": "wrong"}
    silent = {**keys, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}

    ended = [
        finish(start_run(slow_server, run_dir, documents, *given, environment=environment))
        for environment in (wrong, silent)
    ]

    assert [code for code, _ in ended] == [2, 75], ended
    assert "refused" in ended[0][1]
    assert "127.0.0.1:9" in ended[1][1]
    assert "a Ray cluster is started" not in ended[0][1] + ended[1][1]
    assert slow_server.control.totals()["calls"] == 0
    assert not (run_dir / "shards").exists()
