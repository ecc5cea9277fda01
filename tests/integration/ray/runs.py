"""Runs on a cluster, begun in processes of their own and looked at while they go."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.crash.runs import comparable_files, finish
from tests.forked import PIPE, STDOUT, ForkedProcess, run_forked
from tests.integration.ray.cluster import RunningCluster
from tests.openai_server import RunningServer

IN_FLIGHT = 2
QUESTIONS = 18  # requests, at least: one for each chunk
POLL_S = 0.02
JUDGE, EMBEDDING = "gpt-4o-mini", "text-embedding-3-small"
MODELS = [
    {"id": "gpt-6.1-terra", "caches_prompts": False},
    {"id": JUDGE, "caches_prompts": False},
    {"id": EMBEDDING, "dimensions": 16},
]


def start_run(
    server: RunningServer,
    run_dir: Path,
    documents: Path,
    *flags: str,
    cluster: RunningCluster | None = None,
    environment: Mapping[str, str] | None = None,
) -> ForkedProcess:
    keys = {"OPENAI_API_KEY": server.api_key, "OPENAI_BASE_URL": server.base_url}
    at = ["--documents", str(documents), "--max-in-flight", str(IN_FLIGHT)]
    if cluster is not None:
        at += ["--on", "ray", "--address", cluster.address, "--workers", "2"]
    joined = cluster.environment if cluster else {}
    return ForkedProcess(
        ["-m", "jobs", "run", str(run_dir), *at, *flags],
        env={**os.environ, **keys, **joined, **(environment or {})},
        stdout=PIPE,
        stderr=STDOUT,
    )


def when(is_time: Callable[[], object], process: ForkedProcess) -> None:
    while not is_time():
        assert process.poll() is None, finish(process)
        time.sleep(POLL_S)


def has_called(server: RunningServer, count: int) -> Callable[[], bool]:
    return lambda: server.control.totals()["calls"] >= count


def bought_again(server: RunningServer) -> int:
    bills = server.control.bills().values()
    return sum(max(0, bill["billed"] - bill["lost"] - 1) for bill in bills)


def distill(command: str, run_dir: Path, environment: Mapping[str, str] | None = None) -> str:
    done = run_forked(
        ["-m", "jobs", command, str(run_dir)], env={**os.environ, **(environment or {})}
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def assert_is_whole(run_dir: Path, files_of_one_machine: dict[str, list[bytes]]) -> None:
    assert comparable_files(run_dir) == files_of_one_machine
    assert not (run_dir / "shards").exists()
    assert "not ok" not in distill("audit", run_dir)
