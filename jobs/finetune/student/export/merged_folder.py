"""The tuned student as a Hugging Face folder: config.json, safetensors, tokenizer."""

import json
from collections.abc import Mapping
from itertools import islice
from math import prod
from pathlib import Path
from typing import Any

from jobs.finetune.student.export.gguf_model import Weights
from jobs.finetune.student.source.find_student import Student
from jobs.finetune.student.source.hf_folder import (
    CONFIG_NAME,
    INDEX_NAME,
    WEIGHTS_NAME,
    read_json,
)
from jobs.finetune.student.source.rotation import scaling_of
from jobs.finetune.student.source.shape import StudentShape
from jobs.finetune.student.source.vocabulary import Vocabulary, save_tokenizer
from jobs.finetune.student.source.weights_of_shape import weight_sizes

SHARD_BYTES = 2_000_000_000  # in a file, and in memory
BYTES_EACH = 2  # bfloat16

_CLASSES = {"llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM"}


def write_merged_folder(
    folder: Path,
    student: Student,
    vocabulary: Vocabulary,
    weights: Weights,
    *,
    most_bytes: int = SHARD_BYTES,
) -> None:
    """Write the model in bfloat16 into a folder that exists, `most_bytes` of it in memory."""
    _write_weights(folder, weight_sizes(student.shape), weights, most_bytes)
    config = _config(student, vocabulary)
    (folder / CONFIG_NAME).write_text(json.dumps(config, indent=1), "utf-8")
    save_tokenizer(vocabulary, folder)


def _write_weights(
    folder: Path, sizes: Mapping[str, tuple[int, ...]], weights: Weights, most_bytes: int
) -> None:
    """One file, or several and an index; both as transformers and vLLM read them."""
    import torch  # a second: most of this module's callers need none
    from safetensors.torch import save_file

    shards = _shards(sizes, most_bytes)
    files = [WEIGHTS_NAME] if len(shards) == 1 else _shard_names(len(shards))
    for file, names in zip(files, shards, strict=True):
        tensors = {
            name: torch.from_numpy(values).to(torch.bfloat16)
            for name, values in islice(weights, len(names))
        }
        assert list(tensors) == names  # they come in the order of their sizes
        save_file(tensors, folder / file, {"format": "pt"})
    if len(shards) > 1:
        file_of = {name: file for file, names in zip(files, shards, strict=True) for name in names}
        total = sum(BYTES_EACH * prod(size) for size in sizes.values())
        index = {"metadata": {"total_size": total}, "weight_map": file_of}
        (folder / INDEX_NAME).write_text(json.dumps(index, indent=1), "utf-8")


def _shards(sizes: Mapping[str, tuple[int, ...]], most_bytes: int) -> list[list[str]]:
    """The names in each file, in order; a weight that is larger by itself has one of its own."""
    shards: list[list[str]] = []
    left = 0
    for name, size in sizes.items():
        needed = BYTES_EACH * prod(size)
        if not shards or needed > left:
            shards.append([])
            left = most_bytes
        shards[-1].append(name)
        left -= needed
    return shards


def _shard_names(count: int) -> list[str]:
    return [f"model-{n:05}-of-{count:05}.safetensors" for n in range(1, count + 1)]


def _config(student: Student, vocabulary: Vocabulary) -> dict[str, Any]:
    """The base's own config.json; what a GGUF says in its place."""
    config = (
        read_json(student.path / CONFIG_NAME)
        if student.path.is_dir()
        else config_of_shape(student.shape)
    )
    id_of = vocabulary.tokenizer.token_to_id
    config |= {"dtype": "bfloat16", "eos_token_id": id_of(vocabulary.end_tokens[0])}
    config.pop("torch_dtype", None)
    config.pop("quantization_config", None)
    return config


def config_of_shape(shape: StudentShape) -> dict[str, Any]:
    """A config.json as Hugging Face transformers reads it."""
    factors = shape.rope_factors
    scaling = scaling_of(factors, shape.rope_base, shape.head_size) if factors else None
    return {
        "architectures": [_CLASSES[shape.family]],
        "model_type": shape.family,
        "vocab_size": shape.vocabulary_size,
        "hidden_size": shape.hidden_size,
        "intermediate_size": shape.inner_size,
        "num_hidden_layers": shape.layer_count,
        "num_attention_heads": shape.head_count,
        "num_key_value_heads": shape.kv_head_count,
        "head_dim": shape.head_size,
        "max_position_embeddings": shape.context_tokens,
        "rms_norm_eps": shape.norm_epsilon,
        "rope_theta": shape.rope_base,
        **({"rope_scaling": scaling} if scaling else {}),
        "tie_word_embeddings": shape.ties_embeddings,
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
    }
