"""Request ids hold in every process: a resume finds what another process has paid for."""

import subprocess
import sys

PRINT_REQUEST_ID = """
import asyncio
from jobs.dataset.questions.write_questions import write_questions
from tests.unit.jobs.dataset.teacher import SETTINGS, ScriptedTeacher, make_chunk
teacher = ScriptedTeacher({"questions": []})
asyncio.run(write_questions(make_chunk(), teacher, SETTINGS))
print(teacher.requests[0].request_id, end="")
"""


def test_request_id_is_the_same_in_every_process() -> None:
    def run(seed: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", PRINT_REQUEST_ID],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(filter(None, sys.path))},
            capture_output=True,
            check=True,
            text=True,
        ).stdout

    first, second = run("1"), run("2")

    assert len(first) == 32
    assert first == second
