"""Weights of a folder are read as 32-bit floats, whatever they were written as."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from jobs.finetune.student.export.merged_folder import write_merged_folder
from jobs.finetune.student.source.find_student import find_student
from tests.unit.jobs.finetune.student.tiny_students import make_folder, tiny_shape


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
def test_weights_of_any_precision_are_read_as_they_are(tmp_path: Path, kind: torch.dtype) -> None:
    folder = make_folder(tmp_path / "tiny")
    written = {
        name: values.to(kind) for name, values in load_file(folder / "model.safetensors").items()
    }
    save_file(written, folder / "model.safetensors")

    read = dict(find_student(str(folder)).weights())

    assert read.keys() == written.keys()
    assert {values.dtype for values in read.values()} == {np.dtype(np.float32)}
    for name, values in written.items():
        assert np.array_equal(read[name], values.float().numpy()), name


@pytest.mark.parametrize(("most_bytes", "file_count"), [(1_000_000_000, 1), (60_000, 3), (1, 26)])
def test_a_merged_folder_of_several_files_is_the_same_model(
    tmp_path: Path, most_bytes: int, file_count: int
) -> None:
    student = find_student(str(make_folder(tmp_path / "tiny", tiny_shape("qwen2"))))
    merged = tmp_path / "merged"
    merged.mkdir()

    write_merged_folder(
        merged, student, student.vocabulary(), student.weights(), most_bytes=most_bytes
    )

    assert len(list(merged.glob("*.safetensors"))) == file_count
    read = dict(find_student(str(merged)).weights())
    for name, values in student.weights():
        assert np.allclose(read[name], values, rtol=1e-2), name
