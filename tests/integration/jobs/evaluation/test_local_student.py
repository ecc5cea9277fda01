"""A student that was tuned here, served for the evaluation, beside a hosted teacher; and asked."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from engine.errors import ConfigError
from engine.run_folder import RunFolder
from engine.wire.endpoints import Endpoint
from jobs.evaluation.ask_student import StudentChat
from jobs.evaluation.evaluate import EvaluationOrder, evaluate
from jobs.evaluation.read_evaluation import read_evaluation
from jobs.evaluation.serve_student import find_served, student_served, tuned_students
from jobs.finetune.student.training.task import TuningFacts
from jobs.finetune.student.tuned_student import (
    STUDENT_DIR,
    TunedStudent,
    seen_tokens_per_s,
    write_record,
)
from jobs.settings.roles import STUDENT_SERVER
from schemas.finetuning import TuningEvent
from schemas.settings import RunSettings
from tests.forked import PIPE, ForkedProcess
from tests.integration.jobs.evaluation.workshop import JUDGE, TEACHER, hosted
from tests.integration.jobs.finetune.student.trainings import make_plan
from tests.unit.jobs.evaluation.made_run import make_run, make_settings
from tests.unit.jobs.finetune.student.tiny_students import make_gguf

TUNED, BASE, JOB = "tiny-tuned-01234567", "tiny", "0123456789abcdef"
MOST_S = 120.0
FACTS = TuningFacts(
    steps=1,
    best_step=1,
    loss_before=2.0,
    loss_after=1.0,
    text_loss_before=3.0,
    text_loss_after=3.0,
    trained_tokens=100,
    trained_s=1.0,
    peak_memory_bytes=1,
    curve=(),
)


def settings_for(student: Path, *assignments: str) -> RunSettings:
    return make_settings(
        "student.trainer=local",
        f"student.model={student}",
        "evaluation.answer_max_output_tokens=16",
        *assignments,
    )


def record_tuned(folder: RunFolder, student: Path) -> None:
    """What a training leaves: its record, files and last event; a second file stands for both."""
    path = folder.run_dir / STUDENT_DIR / JOB
    (path / "gguf").mkdir(parents=True)
    served = make_gguf(path / "gguf" / "tuned.gguf")
    write_record(
        path,
        TunedStudent(
            model_name=TUNED,
            base_name=BASE,
            job_name=JOB,
            base_path=student,
            served_path=served.relative_to(path),
            adapter_path=None,
            context_tokens=512,
            plan=make_plan(),
            facts=FACTS,
            parity=(),
        ),
    )
    event = TuningEvent(
        event_id="00000001",
        job_name=JOB,
        step="ended",
        at="2026-11-29T00:00:00+00:00",
        trainer="local",
        base_model=BASE,
        train_sha256="",
        validation_sha256="",
        job_id=JOB,
        status="succeeded",
        tuned_model=TUNED,
    )
    folder.results_path("finetuning").write_text(event.model_dump_json() + "\n")


async def test_untuned_tuned_and_teacher_are_compared_in_one_call(tmp_path: Path) -> None:
    student = make_gguf(tmp_path / "tiny.gguf")
    settings = settings_for(student, "budget.usd=5")
    folder = make_run(tmp_path / "run", settings)
    record_tuned(folder, student)
    async with hosted() as teacher:
        order = EvaluationOrder(folder, settings, [Endpoint(teacher.base_url, teacher.api_key)])
        end = await evaluate(order)
        asked = {str(call.model) for call in teacher.calls}

    answers = read_evaluation(folder, settings).answers
    assert end.is_done
    assert {(a.role, a.model) for a in answers} == {
        ("baseline", BASE),
        ("tuned", TUNED),
        ("teacher", TEACHER),
    }
    assert {a.cost_usd for a in answers if a.role != "teacher"} == {0.0}
    assert asked == {TEACHER, JUDGE, "text-embedding-3-small"}
    config = folder.config_path.read_text()
    assert "127.0.0.1" not in config


async def test_nothing_is_started_where_no_role_needs_the_student(tmp_path: Path) -> None:
    student = make_gguf(tmp_path / "tiny.gguf")
    settings = settings_for(student, "baseline.model=other", "tuned.model=another")
    folder = make_run(tmp_path / "run", settings)

    async with student_served(folder, settings, {"baseline": "other", "tuned": "another"}) as found:
        assert found == {}


async def test_before_a_tuning_the_untuned_student_is_the_baseline(tmp_path: Path) -> None:
    settings = settings_for(make_gguf(tmp_path / "tiny.gguf"))
    folder = make_run(tmp_path / "run", settings)

    async with student_served(folder, settings, {"baseline": BASE}) as found:
        endpoint = found[STUDENT_SERVER]
        headers = {"Authorization": f"Bearer {endpoint.api_key}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            listed = await (await session.get(f"{endpoint.base_url}/models")).json()

    assert [each["id"] for each in listed["data"]] == [BASE]
    with pytest.raises(ConfigError, match="no student was tuned here"):
        tuned_students(folder, settings)


async def test_a_student_that_was_tuned_elsewhere_is_not_looked_for_here(tmp_path: Path) -> None:
    settings = settings_for(make_gguf(tmp_path / "tiny.gguf"))
    folder = make_run(tmp_path / "run", settings)

    with pytest.raises(ConfigError, match="ft:gpt: was not tuned on this machine"):
        find_served(folder, settings, "ft:gpt")


async def test_a_lost_file_is_named(tmp_path: Path) -> None:
    student = make_gguf(tmp_path / "tiny.gguf")
    settings = settings_for(student)
    folder = make_run(tmp_path / "run", settings)
    record_tuned(folder, student)
    student.unlink()

    with pytest.raises(ConfigError, match=r"tiny\.gguf: is not there"):
        tuned_students(folder, settings)


async def test_chat_shows_the_excerpt_that_it_asks_with(tmp_path: Path) -> None:
    student = make_gguf(tmp_path / "tiny.gguf")
    settings = settings_for(student)
    folder = make_run(tmp_path / "run", settings)
    record_tuned(folder, student)
    students = tuned_students(folder, settings)

    async with StudentChat(folder, settings, students, name=TUNED, is_closed=False) as chat:
        reply = await chat.answer("What does the pump do?")
        with pytest.raises(ConfigError, match="the student cannot answer"):
            await chat.answer("What about this? " * 2_000)
        with pytest.raises(ConfigError, match="an empty question"):
            await chat.answer(" ")
        with pytest.raises(ConfigError, match="no UTF-8"):
            await chat.answer("What \udcff does the pump do?")

    assert reply.place
    assert reply.text


def test_every_question_of_a_pipe_is_asked_and_those_without_an_answer_are_told(
    tmp_path: Path,
) -> None:
    student = make_gguf(tmp_path / "tiny.gguf")
    folder = make_run(tmp_path / "run", settings_for(student))
    record_tuned(folder, student)
    asked = b"What does the pump do?\n\nWhat \xff\xfe is it?\n" + b"long " * 9_000
    asked += b"\nHow hot is the kiln?"

    process = ForkedProcess(
        ["-m", "jobs", "chat", str(folder.run_dir)], stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    out, err = process.communicate(asked, timeout=MOST_S)

    assert process.wait() == 2
    assert sum(line.startswith(b"[") for line in out.splitlines()) == 2, err
    assert b"no UTF-8" in err
    assert b"the student cannot answer" in err
    assert b"without an answer: 2 questions" in err


async def test_serve_runs_until_it_is_stopped(tmp_path: Path) -> None:
    student = make_gguf(tmp_path / "tiny.gguf")
    folder = make_run(tmp_path / "run", settings_for(student))
    record_tuned(folder, student)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "jobs", "serve", str(folder.run_dir), "--port", "0"),
        *("--key-variable", "STUDENT_KEY"),
        env={**os.environ, "STUDENT_KEY": "sk-of-the-student"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    shown = dict([(await process.stdout.readline()).decode().split(maxsplit=1) for _ in range(3)])

    headers = {"Authorization": "Bearer sk-of-the-student"}
    body = {"model": TUNED, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 4}
    url = f"{shown['address'].strip()}/chat/completions"
    async with aiohttp.ClientSession() as session:
        answered = await session.post(url, json=body, headers=headers)
        refused = await session.post(url, json=body)
    process.send_signal(signal.SIGINT)
    _, err = await asyncio.wait_for(process.communicate(), MOST_S)

    assert (answered.status, refused.status) == (200, 401)
    assert "sk-of-the-student" not in "".join(shown.values())
    assert process.returncode == 0, err.decode()


def test_pace_of_a_training_is_that_of_former_ones_of_the_same_base(tmp_path: Path) -> None:
    student = make_gguf(tmp_path / "tiny.gguf")
    folder = make_run(tmp_path / "run", settings_for(student))
    record_tuned(folder, student)

    assert seen_tokens_per_s(folder, BASE) == 100.0
    assert seen_tokens_per_s(folder, "another") is None
