"""Ctrl-C while the command is still being imported."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.jobs.send.sending import ROOT_DIR, TIMEOUT_S

# The process interrupts itself just before it imports a module; the product knows nothing of it.
PROGRAM = """
import os, signal, sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == MODULE:
            os.kill(os.getpid(), signal.SIGINT)

MODULE = sys.argv.pop(1)
sys.meta_path.insert(0, Interrupt())
from jobs.__main__ import main
main()
"""


@pytest.mark.parametrize(
    "module", ["jobs.cli", "typer", "jobs.send.lanes.requests", "aiohttp", "uvloop"]
)
def test_interrupt_during_the_imports_ends_with_130_and_without_a_traceback(
    module: str, tmp_path: Path
) -> None:
    in_path, out_path = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    in_path.touch()
    command = [sys.executable, "-c", PROGRAM, module, "send", str(in_path), "--out", str(out_path)]

    ended = subprocess.run(
        [*command, "--base-url", "http://127.0.0.1:1/v1"],
        cwd=ROOT_DIR,
        env={**os.environ, "OPENAI_API_KEY": ""},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )

    assert (ended.returncode, ended.stderr) == (130, "")
    assert not out_path.exists()
