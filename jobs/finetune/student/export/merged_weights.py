"""The weights of a tuned student: those of the base, with what was learnt in their place."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from jobs.finetune.student.source.find_student import Student
from jobs.finetune.student.source.gguf_file import Floats
from jobs.finetune.student.training.task import TuningPlan

Learnt = Mapping[str, Floats]


def read_learnt(path: Path) -> Learnt:
    """What a training has left: whole weights, or the two halves of each adapter."""
    return {name: np.asarray(values, np.float32) for name, values in load_file(path).items()}


def merged_weights(
    student: Student, learnt: Learnt, plan: TuningPlan
) -> Iterator[tuple[str, Floats]]:
    """Each matrix and vector of the tuned student, as 32-bit floats."""
    if plan.method == "full":
        for name, _ in student.weights():
            yield name, learnt[name]
        return
    for name, values in student.weights():
        stem = name.removesuffix(".weight")
        first, second = learnt.get(f"{stem}.lora_a"), learnt.get(f"{stem}.lora_b")
        if name == f"{stem}.weight" and first is not None and second is not None:
            yield name, values + plan.adapter_scale * (second @ first)
        else:
            yield name, values
