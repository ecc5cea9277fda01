"""Request ids hold in every process: a resume finds what another process has paid for."""

import asyncio
import subprocess
import sys

from jobs.dataset.questions.write_questions import write_questions
from tests.unit.jobs.dataset.teacher import SETTINGS, ScriptedTeacher, make_chunk

PRINT_REQUEST_ID = """
import asyncio
from tests.integration.jobs.dataset.test_request_ids import request_id
print(hash("a"), asyncio.run(request_id()))
"""


async def request_id() -> str:
    teacher = ScriptedTeacher({"questions": []})
    await write_questions(make_chunk(), teacher, SETTINGS)
    return teacher.requests[0].request_id


def test_request_id_is_the_same_in_every_process() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PRINT_REQUEST_ID],
        env={"PYTHONHASHSEED": "1", "PYTHONPATH": ":".join(filter(None, sys.path))},
        capture_output=True,
        check=True,
        text=True,
    )

    other_hash, other_id = ended.stdout.split()
    assert int(other_hash) != hash("a")
    assert len(other_id) == 32
    assert other_id == asyncio.run(request_id())
