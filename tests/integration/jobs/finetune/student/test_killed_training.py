"""A training that is killed goes on to the same weights, bit for bit."""

import random
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from jobs.finetune.student.parity.first_gate import LOG_NAME as FIRST_GATE_LOG
from jobs.finetune.student.training.child import WEIGHTS_NAME
from jobs.finetune.student.training.task import Method, TuningTask
from tests.integration.jobs.finetune.student.trainings import (
    MOST_S,
    make_plan,
    make_task,
    next_news,
    run_child,
    start_child,
)
from tests.unit.jobs.finetune.student.tiny_students import make_folder


def have_same_weights(one: TuningTask, other: TuningTask) -> bool:
    """Whether both have left the same names with the same numbers, bit for bit."""
    some, others = (load_file(task.folder / WEIGHTS_NAME) for task in (one, other))
    return some.keys() == others.keys() and all(
        torch.equal(some[name], others[name]) for name in some
    )


def kill_after(task: TuningTask, steps: int) -> int:
    """Kill a training once it has taken so many more steps; returns how far it had come."""
    process = start_child(task)
    taken = last = 0
    while taken < steps:
        news = next_news(process)
        assert news is not None, process.communicate()[1]
        if news.kind == "progress":
            taken, last = taken + 1, news.step
    process.kill()
    process.communicate(timeout=MOST_S)
    return last


@pytest.mark.parametrize(("method", "kill_count", "epochs"), [("full", 10, 6), ("lora", 3, 3)])
def test_kills_change_no_weight(
    tmp_path: Path, method: Method, kill_count: int, epochs: int
) -> None:
    student = make_folder(tmp_path / "student")
    plan = make_plan(method, epochs=epochs)
    rng = random.Random(method)
    calm = make_task(tmp_path / "calm", student, plan)
    killed = make_task(tmp_path / "killed", student, plan, checkpoint_s=0.0)

    run_child(calm)
    reached = [kill_after(killed, rng.randint(1, 7)) for _ in range(kill_count)]
    (killed.folder / FIRST_GATE_LOG).unlink()
    news = run_child(killed)

    assert reached[-1] > reached[0]  # it had gone on, and not begun anew
    assert any("goes on at step" in each.message for each in news)
    assert not (killed.folder / FIRST_GATE_LOG).exists()  # it was passed before the first step
    assert news[-1].kind == "done", news[-1].message
    assert have_same_weights(killed, calm)


def test_another_seed_makes_other_weights(tmp_path: Path) -> None:
    student = make_folder(tmp_path / "student")
    plan = make_plan(epochs=1)
    one = make_task(tmp_path / "one", student, plan)
    other = make_task(tmp_path / "other", student, plan.model_copy(update={"seed": 1}))

    run_child(one)
    run_child(other)

    assert not have_same_weights(other, one)
