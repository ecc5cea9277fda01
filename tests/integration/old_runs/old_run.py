"""A run that an earlier version left, unpacked from its archive, and how a version goes on."""

import json
import os
import re
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.forked import run_forked
from tests.integration.old_runs.provider import replay
from tests.openai_server import RunningServer, start_openai_server

ROOT_DIR = Path(__file__).parents[3]
ARCHIVES_DIR = ROOT_DIR / "tests" / "fixtures" / "old_runs"
DOCUMENTS_DIR = ARCHIVES_DIR / "documents"
TIMEOUT_S = 120.0
SUMS = ("calls", "billed_calls", "batch_billed", "prompt_tokens", "completion_tokens")
DECODER = json.JSONDecoder(parse_float=lambda text: round(float(text), 9))  # sums of dollars
DOCUMENTS_LINE = re.compile(r"^documents_dir = .*$", re.MULTILINE)


class OldRun(NamedTuple):
    """What an archive says of its run. In commands `{given}` stands for the folder it lies in."""

    server: dict[str, Any]
    look: list[str]
    seen: list[Any]
    commands: list[list[str]]
    exit_codes: list[int]
    served: dict[str, int]


class Ended(NamedTuple):
    """How a command ended and what it printed; `said` holds its standard error too."""

    exit_code: int
    printed: str
    said: str


class WentOn(NamedTuple):
    """What came of going on. `sent` counts live calls by the id that their replies have."""

    seen: list[Any]
    ends: list[Ended]
    served: dict[str, int]
    sent: Counter[str]


class Product(NamedTuple):
    """The version of the code that lies in a folder."""

    root_dir: Path

    def run(
        self,
        server: RunningServer,
        given_dir: Path,
        arguments: Sequence[str],
        program: Sequence[str] = ("-m", "jobs"),
    ) -> Ended:
        names = {"given": given_dir, "documents": DOCUMENTS_DIR}
        command = [*program, *(each.format(**names) for each in arguments)]
        environment = _environment(server, given_dir, self.root_dir)
        if self.root_dir == ROOT_DIR:
            done = run_forked(command, env=environment)
        else:
            done = subprocess.run(
                [sys.executable, *command],
                cwd=self.root_dir,
                env=environment,
                capture_output=True,
                text=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        return Ended(done.returncode, done.stdout, done.stdout + done.stderr)


def archive_names() -> list[str]:
    return sorted(path.name.removesuffix(".tar.xz") for path in ARCHIVES_DIR.glob("*.tar.xz"))


def unpack(name: str, folder: Path) -> OldRun:
    """Into `given` (the run), `expected`, `provider` and case.json."""
    with tarfile.open(ARCHIVES_DIR / f"{name}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return OldRun(**json.loads((folder / "case.json").read_text()))


def go_on(folder: Path, old: OldRun, product: Product) -> WentOn:
    """Take the run in `folder/given` to its end, before a provider that is as it was left."""
    given_dir = folder / "given"
    _move_documents(given_dir)
    with start_openai_server(old.server) as server:
        replay(server, folder / "provider", old.server)
        seen = look(server, given_dir, old.look, product)
        ends = [product.run(server, given_dir, command) for command in old.commands]
        sent = Counter(f"chatcmpl-{call['body_hash']}" for call in server.control.requests())
        return WentOn(seen, ends, _served(server), sent)


def look(
    server: RunningServer, given_dir: Path, command: Sequence[str], product: Product
) -> list[Any]:
    """The JSON values that a command prints; none without a command."""
    if not command:
        return []
    ended = product.run(server, given_dir, command)
    assert ended.exit_code == 0, ended.said
    text, values = ended.printed.replace(str(given_dir), "{given}").strip(), []
    while text:
        value, end = DECODER.raw_decode(text)
        values.append(value)
        text = text[end:].strip()
    return values


def _environment(server: RunningServer, given_dir: Path, root_dir: Path) -> Mapping[str, str]:
    """That of a user. `tuning.test` is the stand-in too: an address that keeps its name."""
    return {
        **os.environ,
        "PYTHONPATH": str(root_dir),
        "OPENAI_API_KEY": server.api_key,
        "OPENAI_BASE_URL": server.base_url,
        "XDG_STATE_HOME": str(given_dir.parent / "state"),
        "http_proxy": server.base_url.removesuffix("/v1"),
        "no_proxy": "127.0.0.1",
    }


def _move_documents(given_dir: Path) -> None:
    config_path, own_dir = given_dir / "run" / "config.toml", given_dir / "documents"
    if config_path.exists():
        documents_dir = own_dir if own_dir.exists() else DOCUMENTS_DIR
        line = f"documents_dir = {json.dumps(str(documents_dir))}"
        text, count = DOCUMENTS_LINE.subn(lambda _: line, config_path.read_text())
        assert count == 1
        config_path.write_text(text)


def _served(server: RunningServer) -> dict[str, int]:
    totals = server.control.settled_totals()
    return {
        **{name: totals[name] for name in SUMS},
        "custom_ids_billed_twice": totals["custom_ids_billed_twice"],
        "batches": len(server.control.batches()),
        "jobs": len(server.control.jobs()),
        "files_left": len(server.control.files()),
    }
