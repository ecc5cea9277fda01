"""A GPU without room is one message before anything is built; its figures are made up here."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from engine.errors import ConfigError
from jobs.finetune.student.training.child import Child, tune
from tests.integration.jobs.finetune.student.trainings import make_plan, make_task
from tests.unit.jobs.finetune.student.tiny_students import make_folder

FREE, ALL = 400_000_000, 8_000_000_000


@pytest.fixture(autouse=True)
def torch_as_it_was() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    torch.set_deterministic_debug_mode("default")


def test_a_gpu_without_room_is_said_with_both_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (FREE, ALL))
    plan = make_plan("lora", device="cuda")
    task = make_task(tmp_path / "task", make_folder(tmp_path / "tiny"), plan)

    with pytest.raises(ConfigError, match=r"memory of the GPU: .* 0\.5 GB, found 0\.4 GB free"):
        tune(task, Child(io.StringIO()))

    left = {each.name for each in task.folder.iterdir()}
    assert left == {"train.jsonl", "validation.jsonl"}
