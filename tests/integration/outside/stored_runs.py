"""Runs that are kept in a store: begun, lost with their machine, and gone on with elsewhere."""

import os
import shutil
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.crash.runs import finish, kill_when, request_ids, size_of
from tests.forked import PIPE, STDOUT, ForkedProcess
from tests.openai_server import RunningServer

IN_FLIGHT = 4
SETTINGS = ("--max-in-flight", str(IN_FLIGHT), "--set", "chunks.target_tokens=128")


class Machines:
    """Machines that go on with one run, each in a folder of its own."""

    def __init__(
        self,
        tmp_path: Path,
        url: str,
        server: RunningServer,
        documents: Path,
        environment: Mapping[str, str],
    ) -> None:
        self._tmp_path = tmp_path
        self.url = url
        self._flags = ("--documents", str(documents), *SETTINGS)
        self._count = 0
        self._environment = {
            **os.environ,
            "OPENAI_API_KEY": server.api_key,
            "OPENAI_BASE_URL": server.base_url,
            **environment,
        }

    @property
    def run_dir(self) -> Path:
        """The folder of the latest machine."""
        return self._tmp_path / f"run-{self._count}"

    def start(self, *flags: str, run_dir: Path | None = None) -> ForkedProcess:
        """Begin `distill run` in the latest folder, or in another."""
        return self._distill("run", str(run_dir or self.run_dir), *self._flags, *flags)

    def call(self, command: str, *arguments: str) -> tuple[int, str]:
        """Another command, to its end."""
        return finish(self._distill(command, *arguments))

    def fetch(self, *flags: str) -> tuple[int, str]:
        """Put the run together on a machine that is new."""
        self._count += 1
        return self.call("fetch", self.url, str(self.run_dir), *flags)

    def lose(self, process: ForkedProcess, is_time: Callable[[], bool]) -> list[str] | None:
        """Kill a command, and remove its folder: the ids that its journal had. None: it ended."""
        if not kill_when(process, is_time):
            return None
        ids = self.journal_ids()
        shutil.rmtree(self.run_dir)
        return ids

    def finish_without_store(self, process: ForkedProcess) -> tuple[int, str]:
        """What a command ends with whose store, a folder here, is away until then."""
        parts, away = self._tmp_path / "store" / "parts", self._tmp_path / "away"
        parts.rename(away)
        parts.write_bytes(b"in the way")
        ended = finish(process)
        parts.unlink()
        away.rename(parts)
        return ended

    def journal_ids(self) -> list[str]:
        """The ids in the latest journal."""
        path = self.run_dir / "journal.jsonl"
        whole = path.read_bytes().rpartition(b"\n")[0] if path.exists() else b""
        return request_ids(whole.splitlines())

    def journal_bytes(self) -> int:
        """The size of the latest journal."""
        return size_of(self.run_dir / "journal.jsonl")

    def _distill(self, *arguments: str) -> ForkedProcess:
        return ForkedProcess(
            ["-m", "jobs", *arguments], env=self._environment, stdout=PIPE, stderr=STDOUT
        )


def stop(process: ForkedProcess) -> tuple[int, str]:
    """Have a command end in good order."""
    process.send_signal(signal.SIGTERM)
    return finish(process)
