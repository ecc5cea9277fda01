"""A whole model as a GGUF, for llama.cpp and what is built on it (gguf.md in llama.cpp's ggml).

Written with llama.cpp's own package `gguf`; its converter is in no package that is kept up.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, LlamaFileType, quantize

from jobs.finetune.student.export.whole_files import replacing_file
from jobs.finetune.student.source.gguf_file import Floats, permuted
from jobs.finetune.student.source.shape import StudentShape
from jobs.finetune.student.source.vocabulary import Vocabulary
from jobs.finetune.student.source.weights_of_shape import gguf_names

GgufForm = Literal["f16", "q8_0"]
Weights = Iterator[tuple[str, Floats]]

QUANT_BLOCK = 32  # numbers in a block of Q8_0: rows must be a multiple
_FILE_TYPES = {"f16": LlamaFileType.MOSTLY_F16, "q8_0": LlamaFileType.MOSTLY_Q8_0}


class GgufModel(NamedTuple):
    """What stands in the header beside the weights."""

    name: str
    shape: StudentShape
    vocabulary: Vocabulary


def write_gguf(path: Path, model: GgufModel, weights: Weights, form: GgufForm) -> None:
    """Write a model; its file takes the place of `path` once it is whole. One tensor in memory.

    Raises:
        StorageError: the disk refused it.
    """
    names = dict(gguf_names(model.shape))
    with replacing_file(path) as new_path:
        writer = GGUFWriter(new_path, model.shape.family, use_temp_file=True)
        write_header(writer, model, form)
        for name, values in weights:
            _add(writer, names[name], permuted(values, model.shape, name), form)
        if model.shape.rope_factors:
            factors = np.asarray(model.shape.rope_factors, np.float32)
            writer.add_tensor("rope_freqs.weight", factors)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def write_header(writer: GGUFWriter, model: GgufModel, form: GgufForm) -> None:
    """Say what the model is, before its tensors."""
    shape = model.shape
    writer.add_name(model.name)
    writer.add_type("model")
    writer.add_file_type(_FILE_TYPES[form])
    writer.add_quantization_version(2)
    writer.add_context_length(shape.context_tokens)
    writer.add_embedding_length(shape.hidden_size)
    writer.add_block_count(shape.layer_count)
    writer.add_feed_forward_length(shape.inner_size)
    writer.add_head_count(shape.head_count)
    writer.add_head_count_kv(shape.kv_head_count)
    writer.add_key_length(shape.head_size)
    writer.add_value_length(shape.head_size)
    writer.add_rope_dimension_count(shape.head_size)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(shape.norm_epsilon)
    writer.add_vocab_size(shape.vocabulary_size)
    _write_vocabulary(writer, model.vocabulary)


def _write_vocabulary(writer: GGUFWriter, vocabulary: Vocabulary) -> None:
    table, id_of = vocabulary.table, vocabulary.tokenizer.token_to_id
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(table.splitter)
    writer.add_token_list(list(table.tokens))
    writer.add_token_types(list(table.kinds))
    writer.add_token_merges([" ".join(pair) for pair in table.merges])
    writer.add_eos_token_id(id_of(vocabulary.end_tokens[0]))
    if len(vocabulary.end_tokens) > 1:
        writer.add_eot_token_id(id_of(vocabulary.end_tokens[1]))
    if vocabulary.bos_token:
        writer.add_bos_token_id(id_of(vocabulary.bos_token))
    writer.add_pad_token_id(id_of(vocabulary.end_tokens[0]))
    writer.add_add_bos_token(vocabulary.adds_bos)
    writer.add_chat_template(vocabulary.template)


def _add(writer: GGUFWriter, name: str, values: Floats, form: GgufForm) -> None:
    if values.ndim == 1:  # norms and biases: few, and llama.cpp wants them whole
        writer.add_tensor(name, values)
    elif form == "q8_0" and values.shape[-1] % QUANT_BLOCK == 0:
        kind = GGMLQuantizationType.Q8_0
        writer.add_tensor(name, quantize(values, kind), raw_dtype=kind)
    else:
        writer.add_tensor(name, values.astype(np.float16))
