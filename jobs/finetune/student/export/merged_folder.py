"""The tuned student as a Hugging Face folder: config.json, safetensors, tokenizer."""

import json
from pathlib import Path
from typing import Any

from jobs.finetune.student.export.gguf_model import Weights
from jobs.finetune.student.source.find_student import Student
from jobs.finetune.student.source.hf_folder import CONFIG_NAME, WEIGHTS_NAME, read_json
from jobs.finetune.student.source.rotation import scaling_of
from jobs.finetune.student.source.shape import StudentShape
from jobs.finetune.student.source.vocabulary import Vocabulary, save_tokenizer

_CLASSES = {"llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM"}


def write_merged_folder(
    folder: Path, student: Student, vocabulary: Vocabulary, weights: Weights
) -> None:
    """Write the model in bfloat16 into a folder that exists."""
    import torch  # a second: most of this module's callers need none
    from safetensors.torch import save_file

    tensors = {name: torch.from_numpy(values).to(torch.bfloat16) for name, values in weights}
    save_file(tensors, folder / WEIGHTS_NAME, {"format": "pt"})
    config = _config(student, vocabulary)
    (folder / CONFIG_NAME).write_text(json.dumps(config, indent=1), "utf-8")
    save_tokenizer(vocabulary, folder)


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
