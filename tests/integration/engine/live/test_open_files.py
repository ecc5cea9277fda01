"""Requests in flight are fitted to how many files the system lets a process open."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT_DIR = Path(__file__).parents[4]
PROGRAM = """
import logging, resource
logging.basicConfig(format="%(message)s")
from engine.live.open_lane import fit_in_flight
print(fit_in_flight(500), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(
    ("limit", "printed", "is_said"),
    [
        ("ulimit -n 1024", "500 1024", False),
        ("ulimit -Sn 256", "500 596", False),
        ("ulimit -n 256", "160 256", True),
    ],
)
def test_limit_of_open_files_is_raised_or_kept_to(limit: str, printed: str, is_said: bool) -> None:
    ended = subprocess.run(
        ["bash", "-c", f'{limit}; exec "$0" -c "$1"', sys.executable, PROGRAM],
        capture_output=True,
        text=True,
        cwd=ROOT_DIR,
        check=True,
    )

    assert ended.stdout.strip() == printed
    assert ("lowered from 500 to 160" in ended.stderr) is is_said
