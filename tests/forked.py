"""Starts `python -m MODULE` as a process of its own, forked from one that has imported the project.

Called as `subprocess.Popen` and `subprocess.run` are; `imported` names what is to be imported
before the fork besides what commands import. What it starts itself is forked too, where
`tests/forked_children.py` says so. What a test shows of how an interpreter starts, of its variables
(PYTHON...), of its command line or of a terminal needs those two.
"""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO

PIPE, STDOUT, DEVNULL = subprocess.PIPE, subprocess.STDOUT, subprocess.DEVNULL
ROOT_DIR = Path(__file__).parents[1]
# Importing torch starts no thread; the first operation may, and so comes after the fork.
TRAINING = (
    "jobs.finetune.student.export.export_student",
    "jobs.finetune.student.parity.pass_gate",
    "jobs.finetune.student.parity.trained",
    "jobs.finetune.student.training.loop",
)
# What the servers of all processes of the tests have imported besides, and the variables with their
# addresses.
SHARED_SERVERS: dict[tuple[str, ...], str] = {
    (): "TESTS_FORK_SERVER",
    TRAINING: "TESTS_FORK_SERVER_OF_TRAININGS",
}
_MOST_BYTES = 64


class ForkedProcess:
    """A process that was forked. Its standard streams are bytes, or None where there is no pipe."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        cwd: Path = ROOT_DIR,
        env: Mapping[str, str] | None = None,
        stdin: int | None = None,
        stdout: int | None = None,
        stderr: int | None = None,
        imported: Sequence[str] = (),
    ) -> None:
        self.returncode: int | None = None
        self._arguments = arguments
        self._collected: dict[IO[bytes], list[bytes]] = {}
        self._readers: list[threading.Thread] = []
        theirs: list[int] = []
        self.stdin = _pipe(stdin, 0, theirs)
        self.stdout = _pipe(stdout, 1, theirs)
        self.stderr = _pipe(stderr, 2, theirs)
        self._status, status = os.pipe()
        theirs.append(status)
        order = {
            "arguments": list(arguments),
            "folder": str(cwd),
            "environment": dict(os.environ if env is None else env),
        }
        self.pid = _connection(*imported).fork(json.dumps(order).encode(), theirs)
        for descriptor in theirs:
            os.close(descriptor)

    def poll(self) -> int | None:
        """The exit code, that of a signal negative; None while it runs."""
        if self.returncode is None and select.select([self._status], [], [], 0)[0]:
            self._read_status()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it has ended. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(list(self._arguments), timeout or 0.0)
            self._read_status()
        assert self.returncode is not None
        return self.returncode

    def communicate(self, given: bytes = b"", timeout: float | None = None) -> tuple[bytes, bytes]:
        """Give it all of its input, and take all that it says. May be called again."""
        self._collect()
        if self.stdin is not None and not self.stdin.closed:
            with self.stdin:
                self.stdin.write(given)
        self.wait(timeout)
        for reader in self._readers:
            reader.join()
        out, err = (
            b"".join(self._collected[stream]) if stream else b""
            for stream in (self.stdout, self.stderr)
        )
        return out, err

    def send_signal(self, number: int) -> None:
        """Signal it, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _collect(self) -> None:
        for stream in (self.stdout, self.stderr):
            if stream is None or stream in self._collected:
                continue
            parts = self._collected[stream] = []
            reader = threading.Thread(target=_read_into, args=(parts, stream), daemon=True)
            reader.start()
            self._readers.append(reader)

    def _read_status(self) -> None:
        said = os.read(self._status, _MOST_BYTES)
        os.close(self._status)
        if not said:
            raise RuntimeError("the fork server ended before its fork did; see its stderr")
        self.returncode = int(said)


def run_forked(
    arguments: Sequence[str],
    *,
    cwd: Path = ROOT_DIR,
    env: Mapping[str, str] | None = None,
    timeout: float = 120.0,
    imported: Sequence[str] = (),
) -> "subprocess.CompletedProcess[str]":
    """Run it to its end, without input; returns what it printed. Raises TimeoutExpired."""
    process = ForkedProcess(
        arguments,
        cwd=cwd,
        env=env,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        imported=imported,
    )
    try:
        out, err = process.communicate(timeout=timeout)
    finally:
        process.kill()
    assert process.returncode is not None
    return subprocess.CompletedProcess(
        list(arguments), process.returncode, out.decode(), err.decode()
    )


class ForkServer:
    """The process that forks: started once somebody connects, ended by `close`."""

    def __init__(self, imported: Sequence[str] = ()) -> None:
        self._imported = imported
        self._folder = tempfile.TemporaryDirectory(prefix="fork-")  # of this user alone
        self.address = str(Path(self._folder.name) / "socket")
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(self.address)
        self._listener.listen()
        self._process: subprocess.Popen[bytes] | None = None
        self._closing, self._close = os.pipe()
        self._starting = threading.Thread(target=self._start_when_needed, daemon=True)
        self._starting.start()

    def close(self) -> None:
        """End the process, if it was started."""
        os.close(self._close)
        self._starting.join()
        os.close(self._closing)
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait()
        self._listener.close()
        self._folder.cleanup()

    def _start_when_needed(self) -> None:
        descriptor = self._listener.fileno()
        ready, _, _ = select.select([descriptor, self._closing], [], [])
        if descriptor not in ready:
            return
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fork_server", str(descriptor), *self._imported],
            cwd=ROOT_DIR,
            env={
                **os.environ,
                "OPENBLAS_NUM_THREADS": "1",  # as the command does: threads do not survive a fork
                "OMP_WAIT_POLICY": "PASSIVE",  # as trainings do: read when torch is imported
                "PYDANTIC_DISABLE_PLUGINS": "__all__",
            },
            pass_fds=[descriptor],
            stdin=PIPE,
        )


class _Connection:
    """To a process that forks, for as long as this one lives."""

    def __init__(self, address: str) -> None:
        self._turn = threading.Lock()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.connect(address)
        atexit.register(self._socket.close)

    def fork(self, order: bytes, descriptors: Sequence[int]) -> int:
        """The number of the new process, which takes these descriptors."""
        with self._turn:
            socket.send_fds(self._socket, [order], descriptors)
            answer = self._socket.recv(_MOST_BYTES)
        if not answer:
            raise RuntimeError("the fork server has ended; see its stderr")
        return int(answer)


@cache
def fork_address(*imported: str) -> str:
    """That of the server of all processes of the tests, if there is one, or of this process's."""
    address = os.environ.get(SHARED_SERVERS.get(imported, ""))
    if address is not None:
        return address
    own = ForkServer(imported)
    atexit.register(own.close)
    return own.address


@cache
def _connection(*imported: str) -> _Connection:
    return _Connection(fork_address(*imported))


def _pipe(wanted: int | None, number: int, theirs: list[int]) -> IO[bytes] | None:
    """Our end of a standard stream, if it is to be a pipe; the other one is added to `theirs`."""
    if wanted == PIPE:
        read, write = os.pipe()
        ours, end = (write, read) if number == 0 else (read, write)
        theirs.append(end)
        return os.fdopen(ours, "wb" if number == 0 else "rb")
    if wanted == STDOUT:
        theirs.append(os.dup(theirs[1]))
    elif wanted == DEVNULL:
        theirs.append(os.open(os.devnull, os.O_RDWR))
    else:
        theirs.append(os.dup(number if wanted is None else wanted))
    return None


def _read_into(parts: list[bytes], stream: IO[bytes]) -> None:
    while part := stream.read1(65536):  # type: ignore[attr-defined]
        parts.append(part)
    stream.close()
