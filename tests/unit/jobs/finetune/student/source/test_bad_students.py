"""Students that cannot be tuned are one message each, before anything is trained."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from engine.errors import ConfigError
from jobs.finetune.student.source.chat_template import ChatTemplate
from jobs.finetune.student.source.find_student import Student, find_student
from tests.rows import each_row
from tests.unit.jobs.finetune.student.tiny_students import (
    END,
    make_folder,
)


def read_all(named: Path | str) -> Student:
    """Everything that is read of a student before and at the beginning of a training."""
    student = find_student(str(named))
    ChatTemplate(student.vocabulary(), str(student.path))
    for _ in student.weights():
        pass
    return student


def change_json(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_a_foreign_file_is_no_student(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a model")

    with pytest.raises(ConfigError, match="neither a folder nor a GGUF"):
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


def huge_vocabulary(folder: Path) -> None:
    change_json(folder / "config.json", vocab_size=10**12)


def endless_layers(folder: Path) -> None:
    change_json(folder / "config.json", num_hidden_layers=10**15)


def no_width(folder: Path) -> None:
    change_json(folder / "config.json", intermediate_size=0)


def uneven_heads(folder: Path) -> None:
    change_json(folder / "config.json", num_key_value_heads=3)


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


def odd_model(folder: Path) -> None:
    change_json(folder / "tokenizer.json", model=7)


def odd_splitter(folder: Path) -> None:
    change_json(folder / "tokenizer.json", pre_tokenizer={"type": "Sequence", "pretokenizers": 7})


def odd_token(folder: Path) -> None:
    change_json(folder / "tokenizer.json", added_tokens=[{"id": 0, "content": [1]}])


def odd_index(folder: Path) -> None:
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": 1}}')


def odd_ends(folder: Path) -> None:
    (folder / "generation_config.json").write_text('{"eos_token_id": {"a": 1}}')


def binary_template(folder: Path) -> None:
    (folder / "chat_template.jinja").write_bytes(b"\xff\xfe")


def endless_template(folder: Path) -> None:
    template = "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}"
    change_json(folder / "tokenizer_config.json", chat_template=template)


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
    (huge_vocabulary, "vocabulary_size: Input should be less than or equal to 2000000"),
    (endless_layers, "layer_count: Input should be less than or equal to 1000"),
    (no_width, "inner_size: Input should be greater than 0"),
    (uneven_heads, "4 heads of 16 cannot share 3 of keys and values"),
    (odd_rope, "expected an object"),
    (half_rope, "its rope type llama3 lacks a number"),
    (other_activation, "found hidden_act 'gelu_new', expected 'silu'"),
    (more_weights, "q_proj.weight_scale_inv, which no plain network of its architecture has"),
    (pickled_weights, "pickled weights are not read"),
    (cut_weights, "is no safetensors file that can be read"),
    (other_vocabulary, "expected a byte-level BPE vocabulary"),
    (odd_model, "its tokenizer files do not hold what they should"),
    (odd_splitter, "its tokenizer files do not hold what they should"),
    (odd_token, "its tokenizer files do not hold what they should"),
    (odd_index, "expected a weight_map of names and files"),
    (odd_ends, "its tokenizer files do not hold what they should"),
    (binary_template, "its tokenizer files do not hold what they should"),
    (endless_template, "its chat template refuses a row"),
    (bad_merges, "which are not all tokens"),
    (no_template, "has no chat template: take the instruction-tuned model"),
    (unreadable_template, "its chat template cannot be read"),
    (hostile_template, "its chat template refuses a row"),
    (endless_answer, "would never learn to stop"),
    (no_end_token, "names no token that ends an answer"),
    (changing_prompt, "it cannot be learnt from"),
]


@each_row("fault, message", FAULTS)
def test_a_folder_with_a_fault_is_one_message(
    tmp_path: Path, fault: Callable[[Path], None], message: str
) -> None:
    folder = make_folder(tmp_path / "tiny")
    fault(folder)

    with pytest.raises(ConfigError) as caught:
        read_all(folder)

    assert message in str(caught.value)
    assert str(folder) in str(caught.value)
