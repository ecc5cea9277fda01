"""A student is the same one in a folder and in a GGUF: weights, tokens, template, end."""

from pathlib import Path

import numpy as np

from jobs.finetune.student.export.gguf_model import GgufModel, write_gguf
from jobs.finetune.student.source.chat_template import ChatTemplate
from jobs.finetune.student.source.find_student import find_student
from jobs.finetune.student.source.gguf_file import permuted, unpermuted
from jobs.finetune.student.source.shape import FAMILIES, Family, shape_of_config
from jobs.finetune.student.source.student_names import student_name
from tests.rows import each_row
from tests.unit.jobs.finetune.student.tiny_students import (
    END,
    chat_row,
    make_folder,
    tiny_shape,
)

MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What is 1000 – and 'twas  the\n\nend?"},
    {"role": "assistant", "content": "The end: 1 000, ünd <|turn|> in words."},
]


@each_row("family", FAMILIES)
@each_row("ties", [True, False])
def test_a_folder_written_as_gguf_is_read_back_the_same(
    tmp_path: Path, family: Family, ties: bool
) -> None:
    folder = find_student(str(make_folder(tmp_path / "tiny", tiny_shape(family, ties=ties))))
    path = tmp_path / "tiny.gguf"
    write_gguf(path, GgufModel("tiny", folder.shape, folder.vocabulary()), folder.weights(), "f16")

    gguf = find_student(str(path))

    assert gguf.shape.model_copy(update={"norm_epsilon": 0}) == folder.shape.model_copy(
        update={"norm_epsilon": 0}
    )
    read = dict(gguf.weights())
    for name, values in folder.weights():
        assert np.allclose(read[name], values, atol=1e-3), name
    rows = [ChatTemplate(each.vocabulary(), "tiny").encode(MESSAGES) for each in (folder, gguf)]
    assert rows[0] == rows[1]


def test_the_rows_of_queries_and_keys_alone_change_places_and_come_back() -> None:
    shape = tiny_shape("llama")
    rows = np.arange(64 * 3, dtype=np.float32).reshape(64, 3)
    name = "model.layers.0.self_attn.q_proj.weight"

    moved = permuted(rows, shape, name)

    assert not np.array_equal(moved, rows)
    assert np.array_equal(moved[1], rows[8])  # the first of the second half of the first head
    assert np.array_equal(unpermuted(moved, shape, name), rows)
    assert permuted(rows, shape, "model.layers.0.self_attn.v_proj.weight") is rows
    assert permuted(rows, tiny_shape("qwen2"), name) is rows


def test_an_answer_is_learnt_up_to_its_end_and_no_further(tmp_path: Path) -> None:
    vocabulary = find_student(str(make_folder(tmp_path / "tiny"))).vocabulary()
    messages = chat_row("Where?", "Here.")["messages"]

    row = ChatTemplate(vocabulary, "tiny").encode(messages)  # type: ignore[arg-type]

    learnt = vocabulary.tokenizer.decode(row.ids[row.prompt_length :], skip_special_tokens=False)
    assert learnt == f"Here.{END}"
    prompt = vocabulary.tokenizer.decode(row.ids[: row.prompt_length], skip_special_tokens=False)
    assert prompt.endswith("assistant\n")


def test_digits_are_split_as_the_embedded_models_own_splitter_does() -> None:
    vocabulary = find_student("").vocabulary()

    pieces = [vocabulary.tokenizer.id_to_token(each) for each in vocabulary.ids("in 1000 pages")]

    assert pieces == ["in", "Ġ", "1", "0", "0", "0", "Ġpages"]


def test_the_rotation_of_llama_3_is_slowed_where_waves_are_long() -> None:
    scaling = {
        "rope_type": "llama3",
        "factor": 32.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    }
    config = {
        "model_type": "llama",
        "vocab_size": 128_256,
        "hidden_size": 2048,
        "intermediate_size": 8192,
        "num_hidden_layers": 16,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "head_dim": 64,
        "max_position_embeddings": 131_072,
        "rms_norm_eps": 1e-5,
        "rope_theta": 500_000.0,
        "rope_scaling": scaling,
        "tie_word_embeddings": True,
    }

    shape = shape_of_config(config, "config.json")

    assert len(shape.rope_factors) == 32
    assert shape.rope_factors[0] == 1.0
    assert shape.rope_factors[-1] == 32.0
    assert list(shape.rope_factors) == sorted(shape.rope_factors)
    assert round(shape.parameter_count / 1e9, 2) == 1.24  # Llama 3.2 1B, its model card


@each_row(
    "named, name",
    [
        ("", "SmolLM2-135M-Instruct"),
        ("models/My model (v2).Q4_1.gguf", "My-model-v2-.Q4_1"),
        ("organisation/Qwen2.5-0.5B-Instruct", "Qwen2.5-0.5B-Instruct"),
    ],
)
def test_a_student_is_called_by_its_last_part(named: str, name: str) -> None:
    assert student_name(named) == name
