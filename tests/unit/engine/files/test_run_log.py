"""What a command reports is in the run, a JSON object a line."""

import logging
from pathlib import Path

import orjson
import pytest

from engine.files.run_log import logged_to


def test_lines_have_time_level_part_and_message(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, log = tmp_path / "log.jsonl", logging.getLogger("jobs.test")

    with caplog.at_level(logging.INFO), logged_to(path):
        log.info("round %d", 3)
        log.warning("a server said: \x1b[31mred")
        log.debug("not for people")
    log.warning("after the command")

    lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    assert [(each["level"], each["part"], each["message"]) for each in lines] == [
        ("info", "jobs.test", "round 3"),
        ("warning", "jobs.test", "a server said: red"),
    ]
    assert all(each["at"].endswith("+00:00") for each in lines)
