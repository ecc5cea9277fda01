"""Rotations that are slowed: what a config.json says is what a GGUF holds, and the way back."""

from typing import Any

import pytest

from engine.errors import ConfigError
from jobs.finetune.student.export.merged_folder import config_of_shape
from jobs.finetune.student.source.rotation import rotation_factors, scaling_of
from jobs.finetune.student.source.shape import shape_of_config, shape_of_gguf
from tests.rows import each_row
from tests.unit.jobs.finetune.student.tiny_students import tiny_shape

LLAMA_3 = {
    "rope_type": "llama3",
    "factor": 32.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
BASE, HEAD = 500_000.0, 64


@each_row("factor", [8.0, 32.0])
def test_a_config_is_found_again_from_its_factors(factor: float) -> None:
    scaling = {**LLAMA_3, "factor": factor}

    factors = rotation_factors(scaling, BASE, HEAD, "config.json")

    assert scaling_of(factors, BASE, HEAD) == scaling


def test_factors_of_no_known_kind_have_no_config() -> None:
    assert scaling_of([1.0, 2.0, 3.0] * 10 + [9.0, 9.0], BASE, HEAD) is None
    assert scaling_of([4.0, 8.0], BASE, HEAD) is None


@each_row(
    "rope",
    [
        {k: v for k, v in LLAMA_3.items() if k != "factor"},
        {**LLAMA_3, "factor": "much"},
        {**LLAMA_3, "factor": 0.0},
        {**LLAMA_3, "low_freq_factor": 4.0},
        {"rope_type": "yarn", "factor": 4.0},
    ],
)
def test_a_rotation_that_cannot_be_made_is_one_message(rope: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"^config\.json: .*(rope type|rotation)"):
        rotation_factors(rope, BASE, HEAD, "config.json")


def test_the_merged_folder_of_a_gguf_turns_as_the_gguf_does() -> None:
    factors = rotation_factors(LLAMA_3, BASE, HEAD, "config.json")
    shape = tiny_shape().model_copy(
        update={"rope_base": BASE, "head_size": HEAD, "rope_factors": factors}
    )

    config = config_of_shape(shape)

    assert shape_of_config(config, "config.json").rope_factors == factors
    assert "rope_scaling" not in config_of_shape(tiny_shape())


def gguf_fields(**changes: Any) -> dict[str, Any]:
    values = {
        "embedding_length": 64,
        "attention.head_count": 4,
        "feed_forward_length": 96,
        "block_count": 2,
        "context_length": 512,
        "attention.layer_norm_rms_epsilon": 1e-5,
        **changes,
    }
    fields: dict[str, Any] = {f"llama.{name}": value for name, value in values.items()}
    return {"general.architecture": "llama", "tokenizer.ggml.tokens": ["a"], **fields}


@each_row(
    "changes, tensors, message",
    [
        ({}, {"rope_freqs.weight": [1.0, 7.0]}, r"of no rope type known here"),
        ({"rope.dimension_count": 8}, {}, "turns a part of each head alone"),
        ({"rope.scaling.type": "yarn"}, {}, "found rope scaling 'yarn'"),
    ],
)
def test_a_gguf_that_turns_otherwise_is_refused(
    changes: dict[str, Any], tensors: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        shape_of_gguf(gguf_fields(**changes), "x.gguf", tensors=tensors)
