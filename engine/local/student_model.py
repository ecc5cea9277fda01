"""Serves students of the own machine in a child process: tuned and untuned behind one address."""

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

from engine.closing import AsyncClosing
from engine.local.child import ServerChild


class ServedStudent(NamedTuple):
    """A model by the name that requests give. With an adapter it is the base and that adapter."""

    name: str
    model_path: Path
    adapter_path: Path | None = None
    context_tokens: int = 8192


class StudentModel(AsyncClosing):
    """One child process that serves some students on loopback, behind a random key.

    Students of one file are served by one llama.cpp, which puts the adapter on and off by request.
    Beside the API it passes calls on to llama.cpp's own (`/v1/llama/NAME/tokenize`, ...).
    """

    base_url: str

    def __init__(
        self, students: Sequence[ServedStudent], log_path: Path, *, port: int = 0, api_key: str = ""
    ) -> None:
        """`port` 0: a free one; `api_key` empty: a random one."""
        self.api_key = api_key or secrets.token_urlsafe(32)
        introduction: dict[str, object] = {
            "api_key": self.api_key,
            "port": port,
            "students": [
                {
                    "name": each.name,
                    "model_path": str(each.model_path),
                    "adapter_path": str(each.adapter_path) if each.adapter_path else "",
                    "context_tokens": each.context_tokens,
                }
                for each in students
            ],
        }
        self._child = ServerChild(
            "engine.local.student_server", introduction, log_path, what="the student's server"
        )

    async def __aenter__(self) -> Self:
        """Start the child and wait until it serves.

        Raises:
            ConfigError: it did not start; the message has the end of its log.
        """
        self.base_url = (await self._child.__aenter__()).base_url
        return self

    async def aclose(self) -> None:
        """End the child; returns when it is gone."""
        await self._child.aclose()

    async def ended(self) -> None:
        """Wait until the child has ended, which it does not by itself."""
        await self._child.ended()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.pid

    @property
    def peak_memory_bytes(self) -> int | None:
        """The most memory that the child has had so far; None where the system does not say it."""
        status_path = Path(f"/proc/{self.pid}/status")
        if not status_path.is_file():
            return None
        lines = status_path.read_text("utf-8").splitlines()
        found = next((line.split()[1] for line in lines if line.startswith("VmHWM:")), None)
        return None if found is None else int(found) * 1024
