"""A GGUF is written as its weights come, and is there only once it is whole."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from jobs.finetune.student.export.gguf_model import GgufForm, GgufModel, write_gguf
from jobs.finetune.student.source.find_student import Student, find_student
from jobs.finetune.student.source.gguf_file import Floats
from tests.rows import each_row
from tests.unit.jobs.finetune.student.tiny_students import make_folder, tiny_shape


def model_of(student: Student) -> GgufModel:
    return GgufModel("tiny", student.shape, student.vocabulary())


def test_each_weight_is_on_disk_before_the_next_is_made(tmp_path: Path) -> None:
    student = find_student(str(make_folder(tmp_path / "tiny")))
    path = tmp_path / "tiny.gguf"
    new_path = tmp_path / "tiny.gguf.new"
    seen: list[int] = []

    def weights() -> Iterator[tuple[str, Floats]]:
        for each in student.weights():
            seen.append(new_path.stat().st_size if new_path.exists() else 0)
            yield each

    write_gguf(path, model_of(student), weights(), "f16")

    assert seen[-1] - seen[0] > 0.8 * (path.stat().st_size - seen[0])


@each_row("form", ["f16", "q8_0"])
def test_what_is_written_is_read_again(tmp_path: Path, form: GgufForm) -> None:
    shape = tiny_shape("qwen2", ties=False).model_copy(update={"inner_size": 80})  # no whole blocks
    student = find_student(str(make_folder(tmp_path / "tiny", shape)))
    path = tmp_path / "tiny.gguf"

    write_gguf(path, model_of(student), student.weights(), form)

    read = dict(find_student(str(path)).weights())
    for name, values in student.weights():
        near = 1e-3 if form == "f16" else 1.5e-2
        assert np.abs(read[name] - values).max() <= near * max(1.0, np.abs(values).max()), name


def test_a_file_that_could_not_be_finished_leaves_the_former_one(tmp_path: Path) -> None:
    student = find_student(str(make_folder(tmp_path / "tiny")))
    path = tmp_path / "tiny.gguf"
    path.write_bytes(b"former")

    with pytest.raises(ValueError, match="shorter"):
        write_gguf(path, model_of(student), iter(list(student.weights())[:-1]), "f16")

    assert path.read_bytes() == b"former"
    assert {each.name for each in tmp_path.iterdir()} == {"tiny.gguf", "tiny"}
