"""GGUFs that cannot be tuned are one message each, before anything is trained."""

import random
from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFWriter

from engine.errors import ConfigError
from jobs.finetune.student.export.gguf_model import GgufModel, write_gguf, write_header
from jobs.finetune.student.source.find_student import find_student
from jobs.finetune.student.source.weights_of_shape import gguf_names
from tests.unit.jobs.finetune.student.source.test_bad_students import read_all
from tests.unit.jobs.finetune.student.tiny_students import make_folder, make_gguf, tiny_shape


def refusal_of(path: Path) -> str:
    """The path that a refusal names; empty: the student is read. Any other error is a fault."""
    try:
        read_all(path)
    except ConfigError as error:
        return str(path) if str(path) in str(error) else f"not named in: {error}"
    return ""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_gguf(tmp_path_factory.mktemp("whole") / "tiny.gguf").read_bytes()


def test_a_gguf_that_was_cut_off_is_one_message(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "tiny.gguf"
    for share in (0.0, 0.001, 0.02, 0.5, 0.99):
        path.write_bytes(whole[: int(len(whole) * share)])

        with pytest.raises(ConfigError, match=r"tiny\.gguf"):
            read_all(path)


def test_damaged_bytes_of_a_gguf_are_a_message_or_read(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "tiny.gguf"
    for seed in range(40):
        rng, data = random.Random(seed), bytearray(whole)
        for _ in range(4):
            data[rng.randrange(2_000)] = rng.randrange(256)
        path.write_bytes(data)

        assert refusal_of(path) in ("", str(path)), seed


def test_an_adapter_is_no_whole_model(tmp_path: Path) -> None:
    path = tmp_path / "adapter.gguf"
    writer = GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()

    with pytest.raises(ConfigError, match="found a GGUF of type 'adapter', expected a whole model"):
        read_all(path)


def test_a_gguf_with_more_than_its_architecture_has_is_refused(tmp_path: Path) -> None:
    """A file of the llama family with biases: tuned without them it would be another model."""
    student = find_student(str(make_folder(tmp_path / "tiny", tiny_shape("qwen2"))))
    plain = student.shape.model_copy(update={"family": "llama"})
    names = dict(gguf_names(student.shape))
    path = tmp_path / "tiny.gguf"
    writer = GGUFWriter(path, "llama")
    write_header(writer, GgufModel("tiny", plain, student.vocabulary()), "f16")
    for name, values in student.weights():
        writer.add_tensor(names[name], np.asarray(values))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

    with pytest.raises(ConfigError, match=r"holds blk\.0\.attn_k\.bias, .* and 3 more, which no"):
        find_student(str(path))


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    student = find_student(str(make_folder(tmp_path / "tiny")))
    model = GgufModel("tiny", student.shape, student.vocabulary())
    spoilt = ((n, v * float("nan") if "layers.1.mlp" in n else v) for n, v in student.weights())
    write_gguf(tmp_path / "tiny.gguf", model, spoilt, "f16")

    with pytest.raises(ConfigError, match="holds numbers that are not finite"):
        read_all(tmp_path / "tiny.gguf")
