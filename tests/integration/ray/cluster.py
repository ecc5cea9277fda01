"""Ray clusters that tests have started, and their actors by their process ids."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from tests.forked import SHARED_SERVERS, fork_address
from tests.integration.ray.worker import workers_dir

ROOT_DIR = Path(__file__).parents[3]


class Starter:
    """The process that starts clusters (starter.py), told one order after the other."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        """Its files, and those of its clusters, lie in `folder`."""
        self.folder = folder
        self.environment = environment
        (folder / "ray").mkdir()  # where it expects its folder to be
        with (folder / "stderr.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.integration.ray.starter"],
                cwd=ROOT_DIR,
                env={
                    **os.environ,
                    **environment,
                    SHARED_SERVERS[()]: fork_address(),
                    "RAY_TMPDIR": str(folder),
                    "TMPDIR": str(folder),
                },
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )

    def order(self, what: object) -> None:
        """Have something done, while the caller does other things."""
        assert self._process.stdin is not None
        self._process.stdin.write(orjson.dumps(what) + b"\n")
        self._process.stdin.flush()

    def hear(self) -> Any:
        """What came of the earliest order that was not asked for."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, (self.folder / "stderr.log").read_text()
        return orjson.loads(line)

    def close(self) -> None:
        """End all clusters."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()


class RunningCluster(NamedTuple):
    """`raylets` are those of its machines, the head's first; its files lie in `folder`.

    Those of machines that were killed are in `lost`.
    """

    address: str
    raylets: list[int]
    lost: list[int]
    gcs: int  # the process that a cluster has one of
    starter: Starter

    @property
    def environment(self) -> dict[str, str]:
        """What joins it."""
        return self.starter.environment

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return self.starter.folder

    def is_alive(self) -> bool:
        """Whether its head has not been killed; a process that has ended is nobody's any more."""
        try:
            state = Path(f"/proc/{self.gcs}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return False
        return state != "Z"

    def lose_head(self) -> None:
        """Kill the process that a cluster has one of: nothing of it can be used afterwards."""
        os.kill(self.gcs, signal.SIGKILL)

    def lose_machine(self, raylet: int | None = None) -> None:
        """Kill a raylet, the last by itself; what it has started outlives it for a while."""
        lost = raylet or self.raylets[-1]
        self.raylets.remove(lost)
        self.lost.append(lost)
        os.kill(lost, signal.SIGKILL)

    def end_lost_workers(self) -> None:
        """Kill what lost machines have left: it would live as long as the cluster."""
        while self.lost:
            for pid in self.pids_of("", raylets=[self.lost.pop()]):
                with suppress(ProcessLookupError):  # it has ended meanwhile
                    os.kill(pid, signal.SIGKILL)

    def add_machine(self) -> None:
        """Add one in its place."""
        self.starter.order(self.address)
        self.raylets.append(self.starter.hear())

    def machine_of(self, pid: int) -> int:
        """The raylet that has had a worker started."""
        [raylet] = [raylet for raylet in self.raylets if pid in self._workers_of(raylet)]
        return raylet

    def pids_of(self, actor: str, *, raylets: Sequence[int] = ()) -> list[int]:
        """The processes of actors of a class, on all machines or on those of these raylets."""
        workers = (pid for each in raylets or self.raylets for pid in self._workers_of(each))
        return [pid for pid in workers if _command_of(pid).startswith(b"ray::" + actor.encode())]

    def _workers_of(self, raylet: int) -> list[int]:
        """Those that a raylet has had started, the first one first, and also those that ended."""
        return sorted(int(path.name) for path in workers_dir(self.folder, raylet).glob("*"))


@contextmanager
def open_starter() -> Iterator[Starter]:
    """A starter, with a token that only those know who have its environment."""
    folder = Path(tempfile.mkdtemp(prefix="ray-"))
    environment = {
        "PYDANTIC_DISABLE_PLUGINS": "__all__",  # as commands have it
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_gcs_rpc_server_reconnect_timeout_s": "1",  # a minute by itself
        "RAY_worker_niceness": "0",  # or actors wait for the tests beside these
    }
    starter = Starter(folder, environment)
    try:
        yield starter
    finally:
        starter.close()
        shutil.rmtree(folder, ignore_errors=True)


def children_of(parent: int) -> list[int]:
    """Those that any of its threads has started, the first one's first: none, once it has ended."""
    found: list[int] = []
    threads = Path(f"/proc/{parent}/task").glob("*")
    for folder in sorted(threads, key=lambda folder: int(folder.name)):
        with suppress(OSError):  # the thread has ended
            found += map(int, (folder / "children").read_text().split())
    return found


def _command_of(pid: int) -> bytes:
    with suppress(OSError):  # it has ended
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def kill(pids: list[int]) -> None:
    """Kill the first of them, of which there must be one."""
    assert pids
    os.kill(pids[0], signal.SIGKILL)
