"""What tests of the command look at."""

import json
from pathlib import Path
from typing import Any

from tests.openai_server import RunningServer

SPEED = ("--max-in-flight", "16")


def call_count(server: RunningServer) -> int:
    return int(server.control.settled_totals()["calls"])


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
