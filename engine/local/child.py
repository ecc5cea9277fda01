"""A server in a child process, for as long as its owner needs it."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import BinaryIO, Self

import orjson

from engine.closing import AsyncClosing
from engine.errors import ConfigError

START_TIMEOUT_S = 120.0  # loading takes 1 to 2 s on an idle machine
STOP_TIMEOUT_S = 5.0
LOG_TAIL_CHARS = 500


class ServerChild(AsyncClosing):
    """One child process that serves on a loopback port which it picks itself.

    It lives from `async with` to its end, and ends by itself when this process is gone, however
    that went: its standard input is a pipe that only this process holds. What it must know, keys
    too, travels through that pipe. `base_url` is there once the block is entered.
    """

    base_url: str

    def __init__(
        self, module: str, introduction: dict[str, object], log_path: Path, *, what: str
    ) -> None:
        self._module = module
        self._introduction = introduction
        self._log_path = log_path
        self._what = what
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        """Start the child and wait until it serves.

        Raises:
            ConfigError: it did not start; the message has the end of its log.
        """
        with self._log_path.open("ab") as log:
            self._process = await _spawn(self._module, log)
        try:
            self.base_url = await self._introduce(self._process)
        except BaseException:
            await self.aclose()
            raise
        return self

    async def aclose(self) -> None:
        """End the child; returns when it is gone."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def ended(self) -> None:
        """Wait until the child has ended."""
        assert self._process is not None
        await self._process.wait()

    @property
    def pid(self) -> int:
        """The child's process id."""
        assert self._process is not None
        return self._process.pid

    async def _introduce(self, process: Process) -> str:
        """Tell the child what it needs; it answers with its base URL when it serves."""
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(orjson.dumps(self._introduction) + b"\n")
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                line = await process.stdout.readline()
        except TimeoutError:
            line = b""
        if not line:
            raise ConfigError(
                f"{self._what} did not start; its log {self._log_path} ends with: {self._tail()}"
            )
        return str(orjson.loads(line)["base_url"])

    def _tail(self) -> str:
        log = self._log_path.read_text(encoding="utf-8", errors="replace").strip()
        return log[-LOG_TAIL_CHARS:] or "(it is empty)"


async def _spawn(module: str, log: BinaryIO) -> Process:
    """The child, in a session of its own: Ctrl-C does not reach it, and calls can finish."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        stdin=PIPE,
        stdout=PIPE,
        stderr=log,
        cwd=Path(__file__).parents[2],  # `-m` imports from the folder it is started in
        start_new_session=True,
    )
