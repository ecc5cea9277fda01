"""Students that cannot be tuned are one message each, before anything is trained."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGUFWriter
from safetensors.numpy import load_file, save_file

from engine.errors import ConfigError
from jobs.finetune.student.export.gguf_model import GgufModel, write_gguf, write_header
from jobs.finetune.student.source.chat_template import ChatTemplate
from jobs.finetune.student.source.find_student import Student, find_student
from jobs.finetune.student.source.weights_of_shape import gguf_names
from tests.rows import each_row
from tests.unit.jobs.finetune.student.tiny_students import (
    END,
    make_folder,
    make_gguf,
    tiny_shape,
)


def read_all(named: Path | str) -> Student:
    """Everything that is read of a student before and at the beginning of a training."""
    student = find_student(str(named))
    ChatTemplate(student.vocabulary(), str(student.path))
    for _ in student.weights():
        pass
    return student


def refusal_of(path: Path) -> str:
    """The path that a refusal names; empty: the student is read. Any other error is a fault."""
    try:
        read_all(path)
    except ConfigError as error:
        return str(path) if str(path) in str(error) else f"not named in: {error}"
    return ""


def change_json(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize("share", [0.0, 0.001, 0.02, 0.5, 0.99])
def test_a_gguf_that_was_cut_off_is_one_message(tmp_path: Path, share: float) -> None:
    path = make_gguf(tmp_path / "tiny.gguf")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])

    with pytest.raises(ConfigError, match=r"tiny\.gguf"):
        read_all(path)


@pytest.mark.parametrize("seed", range(40))
def test_damaged_bytes_of_a_gguf_are_a_message_or_read(tmp_path: Path, seed: int) -> None:
    path = make_gguf(tmp_path / "tiny.gguf")
    rng, data = random.Random(seed), bytearray(path.read_bytes())
    for _ in range(4):
        data[rng.randrange(2_000)] = rng.randrange(256)
    path.write_bytes(data)

    assert refusal_of(path) in ("", str(path))


def test_a_foreign_file_is_no_student(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a model")

    with pytest.raises(ConfigError, match="neither a folder nor a GGUF"):
        read_all(path)


def test_an_adapter_is_no_whole_model(tmp_path: Path) -> None:
    path = tmp_path / "adapter.gguf"
    writer = GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()

    with pytest.raises(ConfigError, match="found a GGUF of type 'adapter', expected a whole model"):
        read_all(path)


@each_row("named", ["./nowhere", "nowhere", "nowhere.gguf", "a/b/c", "/no/where"])
def test_a_name_of_nothing_says_what_is_expected(named: str) -> None:
    with pytest.raises(ConfigError, match="there is no such file or folder; expected"):
        find_student(named)


def no_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def broken_config(folder: Path) -> None:
    (folder / "config.json").write_text("{")


def other_architecture(folder: Path) -> None:
    change_json(folder / "config.json", model_type="gpt_neox")


def missing_number(folder: Path) -> None:
    change_json(folder / "config.json", intermediate_size=None)


def other_rope(folder: Path) -> None:
    change_json(folder / "config.json", rope_scaling={"rope_type": "yarn", "factor": 4.0})


def odd_rope(folder: Path) -> None:
    change_json(folder / "config.json", rope_scaling="much")


def half_rope(folder: Path) -> None:
    change_json(folder / "config.json", rope_scaling={"rope_type": "llama3", "factor": 8.0})


def other_activation(folder: Path) -> None:
    change_json(folder / "config.json", hidden_act="gelu_new")


def more_weights(folder: Path) -> None:
    """As a folder of 8 bits has them: what its numbers are to be multiplied by."""
    path = folder / "model.safetensors"
    scale = np.ones(1, np.float32)
    name = "model.layers.0.self_attn.q_proj.weight_scale_inv"
    save_file({**load_file(path), name: scale}, path)


def pickled_weights(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def cut_weights(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def other_vocabulary(folder: Path) -> None:
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["model"]["type"] = "Unigram"
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))


def bad_merges(folder: Path) -> None:
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["model"]["merges"].append(["the", "nowhere"])
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))


def no_template(folder: Path) -> None:
    change_json(folder / "tokenizer_config.json", chat_template=None)


def unreadable_template(folder: Path) -> None:
    change_json(folder / "tokenizer_config.json", chat_template="{% for m in %}")


def hostile_template(folder: Path) -> None:
    change_json(
        folder / "tokenizer_config.json",
        chat_template="{{ ''.__class__.__mro__[1].__subclasses__() }}",
    )


def endless_answer(folder: Path) -> None:
    template = json.loads((folder / "tokenizer_config.json").read_text())["chat_template"]
    change_json(folder / "tokenizer_config.json", chat_template=template.replace(END, ""))


def no_end_token(folder: Path) -> None:
    change_json(folder / "tokenizer_config.json", eos_token=None)


def changing_prompt(folder: Path) -> None:
    template = (
        "{{ messages | length }}{% for m in messages %}{{ m.content }}" + END + "{% endfor %}"
    )
    change_json(folder / "tokenizer_config.json", chat_template=template)


FAULTS: list[tuple[Callable[[Path], None], str]] = [
    (no_config, "config.json: cannot be read"),
    (broken_config, "config.json: is not JSON"),
    (other_architecture, "found architecture 'gpt_neox', expected one of llama, qwen2, qwen3"),
    (missing_number, "config.json: inner_size: "),
    (other_rope, "found rope type 'yarn', expected default or llama3"),
    (odd_rope, "expected an object"),
    (half_rope, "its rope type llama3 lacks a number"),
    (other_activation, "found hidden_act 'gelu_new', expected 'silu'"),
    (more_weights, "q_proj.weight_scale_inv, which no plain network of its architecture has"),
    (pickled_weights, "pickled weights are not read"),
    (cut_weights, "is no safetensors file that can be read"),
    (other_vocabulary, "expected a byte-level BPE vocabulary"),
    (bad_merges, "which are not all tokens"),
    (no_template, "has no chat template: take the instruction-tuned model"),
    (unreadable_template, "its chat template cannot be read"),
    (hostile_template, "its chat template refuses a row"),
    (endless_answer, "would never learn to stop"),
    (no_end_token, "names no token that ends an answer"),
    (changing_prompt, "it cannot be learnt from"),
]


@pytest.mark.parametrize(
    ("fault", "message"), FAULTS, ids=lambda each: getattr(each, "__name__", "")
)
def test_a_folder_with_a_fault_is_one_message(
    tmp_path: Path, fault: Callable[[Path], None], message: str
) -> None:
    folder = make_folder(tmp_path / "tiny")
    fault(folder)

    with pytest.raises(ConfigError) as caught:
        read_all(folder)

    assert message in str(caught.value)
    assert str(folder) in str(caught.value)


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
