"""A cluster that is started for one call: its files are private, and gone afterwards."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.errors import ConfigError
from tests.integration.ray.cluster import ROOT_DIR, children_of
from tests.integration.ray.runs import POLL_S
from tests.openai_server import RunningServer

ENVIRONMENT = {  # what others have set for clusters of theirs
    "RAY_ADDRESS": "127.0.0.1:9",
    "RAY_AUTH_MODE": "disabled",
    "RAY_NAMESPACE": "theirs",
    "RAY_USAGE_STATS_ENABLED": "1",
}


def test_key_is_in_no_file_and_the_folder_is_private_and_goes_also_where_the_command_is_killed(
    slow_server: RunningServer, documents: Path, tmp_path: Path
) -> None:
    temporary = tmp_path / ("t" * 60)  # sockets below it would have names that are too long
    temporary.mkdir()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "jobs", "run", tmp_path / "run", "--documents", documents),
            *("--on", "ray", "--workers", "2", "--max-in-flight", "2"),
        ],
        cwd=ROOT_DIR,
        env={
            **os.environ,
            **ENVIRONMENT,
            "OPENAI_API_KEY": slow_server.api_key,
            "OPENAI_BASE_URL": slow_server.base_url,
            "TMPDIR": str(temporary),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    while slow_server.control.totals()["calls"] < 4:
        assert process.poll() is None, process.communicate()
        time.sleep(POLL_S)
    folder = own_folder(process.pid)
    files = [path for path in folder.rglob("*") if path.is_file()]
    with_key = [path for path in files if slow_server.api_key.encode() in path.read_bytes()]
    telling = [path for path in files if path.name.startswith("usage_stats")]
    is_private = folder.stat().st_mode & 0o777 == 0o700

    process.send_signal(signal.SIGKILL)
    process.communicate()
    while folder.exists():
        time.sleep(POLL_S)

    assert len(files) > 10
    assert (with_key, telling) == ([], [])
    assert is_private
    assert not list(temporary.iterdir())


def own_folder(pid: int) -> Path:
    """That of the process which drives a command's cluster: its last argument."""
    commands = [Path(f"/proc/{child}/cmdline").read_bytes() for child in children_of(pid)]
    [driver] = [command for command in commands if b"jobs.spread.on_ray" in command]
    return Path(os.fsdecode(driver.split(b"\0")[-2]))


def test_machine_that_is_too_busy_to_start_a_cluster_is_told_in_one_message(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ray = pytest.importorskip("ray")
    from jobs.send.sharded.on_ray.cluster import joined_cluster

    def time_out(*_: object, **__: object) -> None:
        raise Exception("The current node timed out during startup.\nAnd so on.")  # noqa: TRY002 - as Ray does

    monkeypatch.setattr(ray, "init", time_out)

    with (
        pytest.raises(ConfigError, match="could not be started on this machine: The current node"),
        joined_cluster(None, tmp_path),
    ):
        pass
