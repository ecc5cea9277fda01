"""Trainings of tiny students: tasks, child processes, and what they leave."""

from pathlib import Path

from jobs.finetune.student.training.task import Device, Method, TuningNews, TuningPlan, TuningTask
from tests.forked import PIPE, TRAINING, ForkedProcess
from tests.unit.jobs.finetune.student.tiny_students import SYSTEM, write_rows

MOST_S = 120.0


def make_plan(method: Method = "full", *, epochs: int = 3, device: Device = "cpu") -> TuningPlan:
    return TuningPlan(
        method=method,
        rank=4 if method == "lora" else 0,
        rate=2e-3,
        epochs=epochs,
        batch_rows=4,
        sequence_tokens=300,
        precision="fp32",
        device=device,
        threads=1,
        recomputes=False,
        seed=0,
    )


def make_task(
    folder: Path, student: Path, plan: TuningPlan, *, rows: int = 40, checkpoint_s: float = 60.0
) -> TuningTask:
    folder.mkdir()
    return TuningTask(
        job_name="0123456789abcdef",
        student=str(student),
        model_name="tiny-tuned",
        train_path=write_rows(folder / "train.jsonl", rows),
        validation_path=write_rows(folder / "validation.jsonl", 8, seed=1),
        folder=folder,
        plan=plan,
        row_count=rows,
        system=SYSTEM,
        checkpoint_s=checkpoint_s,
    )


def start_child(task: TuningTask) -> ForkedProcess:
    process = ForkedProcess(
        ["-m", "jobs.finetune.student.training.child"],
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        imported=TRAINING,
    )
    assert process.stdin is not None
    process.stdin.write(task.model_dump_json().encode() + b"\n")
    process.stdin.flush()
    return process


def next_news(process: ForkedProcess) -> TuningNews | None:
    assert process.stdout is not None
    line = process.stdout.readline()
    return TuningNews.model_validate_json(line) if line else None


def run_child(task: TuningTask) -> list[TuningNews]:
    process = start_child(task)
    news = []
    while (one := next_news(process)) is not None:
        news.append(one)
    process.wait(MOST_S)  # before its standard input is closed, at which it ends too
    _, err = process.communicate()
    assert process.returncode in (0, 2), err
    return news
