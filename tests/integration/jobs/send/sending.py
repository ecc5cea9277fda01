"""Runs `distill send` as a process of its own."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from tests.forked import PIPE, STDOUT, ForkedProcess
from tests.openai_server import RunningServer

ROOT_DIR = Path(__file__).parents[4]
TIMEOUT_S = 60.0
IDS = [f"request-{number}" for number in range(40)]


class Ended(NamedTuple):
    """How the command ended, and what it said."""

    code: int
    said: str


def write_requests(path: Path, ids: Sequence[str], model: str = "gpt-6.1-terra") -> Path:
    lines = [
        orjson.dumps(
            {
                "custom_id": custom_id,
                "method": "POST",
                "url": "/v1/chat/completions",
                "body": {
                    "model": model,
                    "messages": [{"role": "user", "content": f"What of {custom_id}?"}],
                    "max_completion_tokens": 200,
                },
            }
        )
        for custom_id in ids
    ]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def start_send(
    server: RunningServer,
    in_path: Path | str,
    out_path: Path,
    *flags: str,
    environment: Mapping[str, str] | None = None,
) -> ForkedProcess:
    keys = {"OPENAI_API_KEY": server.api_key, "OPENAI_BASE_URL": server.base_url}
    return ForkedProcess(
        ["-m", "jobs", "send", str(in_path), "--out", str(out_path), *flags],
        env={**os.environ, **keys, **(environment or {})},
        stdin=PIPE,
        stdout=PIPE,
        stderr=STDOUT,
    )


def finish(process: ForkedProcess, given: bytes = b"") -> Ended:
    output, _ = process.communicate(given, timeout=TIMEOUT_S)
    return Ended(process.wait(), output.decode())


def send(server: RunningServer, in_path: Path | str, out_path: Path, *flags: str) -> Ended:
    return finish(start_send(server, in_path, out_path, *flags))


def read_lines(path: Path) -> dict[str, dict[str, Any]]:
    """The lines of a file of results by id, each id once."""
    rows = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    by_id = {row["custom_id"]: row for row in rows}
    assert len(by_id) == len(rows)
    return by_id


def calls(server: RunningServer) -> int:
    return int(server.control.settled_totals()["calls"])
