"""The process that drives Ray, seen from the user's: started, told, heard, ended."""

import asyncio
import logging
import os
import secrets
import shutil
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Self

from engine import errors
from engine.closing import AsyncClosing
from engine.errors import ConfigError, EngineError, OutageError, UnexpectedError
from jobs.send.sharded.cluster_address import check_address
from jobs.send.sharded.messages import (
    FROM_PROCESS,
    Begin,
    CallEnded,
    FromProcess,
    Lend,
    ProcessFailed,
    Ready,
    SendShards,
    Stop,
    ToProcess,
)
from jobs.send.sharded.outside.stores import StoreOrder

_log = logging.getLogger(__name__)

MODULE = "jobs.send.sharded.on_ray"
PLAIN_NAMES = ("RAY_ADDRESS", "RAY_AUTH_", "RAY_TMPDIR", "RAY_USAGE_STATS_ENABLED")
START_TIMEOUT_S = 120.0  # 10 s on an idle machine; with a wrong token it gives up after 20 s
STOP_TIMEOUT_S = 10.0  # a cluster of its own is shut down in 1 to 2 s
MAX_LINE_BYTES = 1 << 20
LOG_TAIL_CHARS = 300
TOKEN_BYTES = 32
SHORT_PLACE = "/tmp"  # noqa: S108 - a folder is made in it, for this user alone
MOST_PLACE_CHARS = 16  # Ray adds up to 90, and a socket's name has 107 at most (unix(7))


class ClusterPlace(NamedTuple):
    """Which cluster, and how many workers. None: one of its own; one for each core.

    `store` is where workers seal their segments; None: in a folder that all machines see.
    """

    address: str | None = None
    workers: int | None = None
    store: StoreOrder | None = None


class ClusterProcess(AsyncClosing):
    """One child process that drives workers on Ray, from `async with` to its end.

    Ray's files of a cluster of its own lie in a private folder, which is removed; by the child
    where this process was killed.
    """

    def __init__(self, place: ClusterPlace, module: str = MODULE) -> None:
        self._place = place
        self._module = module
        self._has_begun = False

    async def __aenter__(self) -> Self:
        """Start the process."""
        self._folder = Path(tempfile.mkdtemp(prefix="distill-ray-", dir=_short_place()))
        with (self._folder / "stderr.log").open("ab") as log:
            self._process: Process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", self._module, str(self._folder)),
                stdin=PIPE,
                stdout=PIPE,
                stderr=log,
                cwd=Path(__file__).parents[3],  # `-m` imports from the folder it is started in
                limit=MAX_LINE_BYTES,
                env=self._environment(),
                start_new_session=True,  # Ctrl-C does not reach it: calls can finish
            )
        return self

    async def aclose(self) -> None:
        """End the process, and its cluster if that is its own."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        finally:
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def begin(self, begin: Begin) -> int:
        """Join or start the cluster; returns how many workers are wanted: one a core by itself.

        Raises:
            EngineError: what kept it from it.
        """
        if self._place.address is None:
            _log.info("a Ray cluster is started on this machine, for this call; it takes some 10 s")
        else:
            await check_address(self._place.address)
            if os.environ.get("RAY_AUTH_MODE") != "token":
                _log.warning(
                    "RAY_AUTH_MODE is not `token`: if the cluster has no token either, whoever "
                    "reaches its ports may run any code on its machines (docs/ray.md)"
                )
        await self._tell(begin)
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                message = await self._hear()
        except TimeoutError:
            raise ConfigError(
                f"the Ray cluster did not answer for {START_TIMEOUT_S:.0f} s; see that its "
                "machines have the same token, and the same versions of Ray and Python"
            ) from None
        assert isinstance(message, Ready), message
        self._has_begun = True
        return self._place.workers or message.cores

    async def send(self, order: SendShards) -> AsyncIterator[FromProcess]:
        """Have the shards of a call sent; yields what is reported, until all workers have ended.

        Raises:
            EngineError: what ended it early.
        """
        await self._tell(order)
        while True:
            message = await self._hear()
            if isinstance(message, CallEnded):
                return
            yield message

    def stop(self, signum: int) -> None:
        """Have nothing more sent; what is in flight lands, and the end is reported."""
        self._write(Stop(signum=signum))

    def lend(self, order: Lend) -> None:
        """Lend to the workers of the call that is under way."""
        self._write(order)

    async def _tell(self, message: ToProcess) -> None:
        assert self._process.stdin is not None
        self._write(message)
        with suppress(ConnectionError):  # it has ended, which is told to who hears it next
            await self._process.stdin.drain()

    def _write(self, message: ToProcess) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        if not stdin.is_closing():  # it is once the process has ended
            stdin.write(message.model_dump_json().encode() + b"\n")

    async def _hear(self) -> FromProcess:
        """The next message.

        Raises:
            EngineError: what ended it.
        """
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            await self._process.wait()
            raise self._gone()
        message = FROM_PROCESS.validate_json(line)
        if isinstance(message, ProcessFailed):
            raise error_of(message)
        return message

    def _gone(self) -> EngineError:
        """The error for a process that has ended before it was told to."""
        names = [] if self._has_begun else _unusual_names()
        if names:
            return ConfigError(
                f"Ray ended before it had begun ({self._tail()}); it does so where it cannot read "
                f"one of its variables in the environment: mend or unset {', '.join(names)}"
            )
        return OutageError(
            f"the Ray cluster, or its head, is gone ({self._tail()}); what was paid for is "
            "kept, the same command again goes on"
        )

    def _tail(self) -> str:
        log = (self._folder / "stderr.log").read_text(encoding="utf-8", errors="replace").strip()
        return (log.splitlines() or ["it said nothing"])[-1][-LOG_TAIL_CHARS:]

    def _environment(self) -> dict[str, str]:
        """Ray tells nobody that it is used, and lets in only those who have the token."""
        environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0"}
        if self._place.address is None:
            token_path = self._folder / "token"
            token_path.touch(mode=0o600)
            token_path.write_text(secrets.token_hex(TOKEN_BYTES), encoding="ascii")
            environment |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token_path)}
        return environment


def _short_place() -> str | None:
    """Where there is room for the names of Ray's sockets; None: where temporary files are."""
    is_long = len(tempfile.gettempdir()) > MOST_PLACE_CHARS
    return SHORT_PLACE if is_long and Path(SHORT_PLACE).is_dir() else None


def _unusual_names() -> list[str]:
    """The variables by which somebody has configured Ray, but for those that it always reads."""
    names = (name for name in os.environ if name.startswith("RAY_"))
    return sorted(name for name in names if not name.startswith(PLAIN_NAMES))


def error_of(failed: ProcessFailed) -> EngineError:
    """The error that a process reports. One that carries more than words is one of ours."""
    kind = getattr(errors, failed.error, UnexpectedError)
    is_plain = kind in (
        errors.AuthError,
        errors.ConfigError,
        errors.DamagedLogError,
        errors.FatalError,
        errors.ModelGoneError,
        errors.OutageError,
        errors.QuotaError,
        errors.RunInUseError,
        errors.StorageError,
    )
    return kind(failed.message) if is_plain else UnexpectedError(failed.message)
