"""A whole model as a GGUF, for llama.cpp and what is built on it (gguf.md in llama.cpp's ggml).

Written with llama.cpp's own package `gguf`, which has no converter. Packages of others that have a
copy get in the way of it; docs/fine-tuning.md says which, and that theirs is the same file.
"""

from collections.abc import Iterator
from contextlib import closing
from math import prod
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, LlamaFileType, quantize
from gguf.quants import quant_shape_to_byte_shape
from numpy.typing import NDArray

from jobs.finetune.student.export.whole_files import replacing_file
from jobs.finetune.student.source.gguf_file import Floats, permuted
from jobs.finetune.student.source.shape import StudentShape
from jobs.finetune.student.source.vocabulary import Vocabulary
from jobs.finetune.student.source.weights_of_shape import gguf_names, weight_sizes

GgufForm = Literal["f16", "q8_0"]
Weights = Iterator[tuple[str, Floats]]

QUANT_BLOCK = 32  # numbers in a block of Q8_0: rows must be a multiple
_DTYPES = {GGMLQuantizationType.F16: np.float16, GGMLQuantizationType.F32: np.float32}
_FILE_TYPES = {"f16": LlamaFileType.MOSTLY_F16, "q8_0": LlamaFileType.MOSTLY_Q8_0}


class GgufModel(NamedTuple):
    """What stands in the header beside the weights."""

    name: str
    shape: StudentShape
    vocabulary: Vocabulary


def write_gguf(path: Path, model: GgufModel, weights: Weights, form: GgufForm) -> None:
    """Write a model; its file takes the place of `path` once it is whole.

    Each weight is written when it comes: one is in memory, and no other disk is needed.

    Raises:
        StorageError: the disk refused it.
    """
    names, sizes = dict(gguf_names(model.shape)), weight_sizes(model.shape)
    factors = np.asarray(model.shape.rope_factors, np.float32)
    with (
        replacing_file(path) as new_path,
        closing(GGUFWriter(new_path, model.shape.family)) as writer,
    ):
        write_header(writer, model, form)
        for name, size in sizes.items():
            _announce(writer, names[name], size, form)
        if factors.size:
            writer.add_tensor_info(
                "rope_freqs.weight", factors.shape, factors.dtype, factors.nbytes
            )
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for expected, (name, values) in zip(sizes, weights, strict=True):
            assert name == expected, f"{name} came for {expected}"  # the file has them in order
            writer.write_tensor_data(_as_written(permuted(values, model.shape, name), form))
        if factors.size:
            writer.write_tensor_data(factors)


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


def _announce(writer: GGUFWriter, name: str, size: tuple[int, ...], form: GgufForm) -> None:
    kind = _kind_of(size, form)
    if kind is GGMLQuantizationType.Q8_0:
        shape = quant_shape_to_byte_shape(size, kind)
        writer.add_tensor_info(name, shape, np.dtype(np.uint8), prod(shape), raw_dtype=kind)
    else:
        dtype = np.dtype(_DTYPES[kind])
        writer.add_tensor_info(name, size, dtype, prod(size) * dtype.itemsize)


def _as_written(values: Floats, form: GgufForm) -> NDArray[Any]:
    kind = _kind_of(values.shape, form)
    if kind is GGMLQuantizationType.Q8_0:
        quantised: NDArray[Any] = quantize(values, kind)
        return quantised
    return values.astype(_DTYPES[kind])


def _kind_of(size: tuple[int, ...], form: GgufForm) -> GGMLQuantizationType:
    if len(size) == 1:  # norms and biases: few, and llama.cpp wants them whole
        return GGMLQuantizationType.F32
    if form == "q8_0" and size[-1] % QUANT_BLOCK == 0:
        return GGMLQuantizationType.Q8_0
    return GGMLQuantizationType.F16
