"""A GGUF as a student's source: its header, and its tensors as numbers."""

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.errors import ConfigError
from jobs.finetune.student.source.gguf_header import MAGIC, GgufTensor, read_header
from jobs.finetune.student.source.shape import StudentShape, shape_of_gguf
from jobs.finetune.student.source.weights_of_shape import gguf_names, require_no_others

Floats = NDArray[np.float32]

# What reading raises over bytes that are not what they should be.
_DAMAGE = (ValueError, KeyError, IndexError, TypeError, OverflowError, OSError, MemoryError)


class GgufStudent(NamedTuple):
    """A GGUF that was read: values by key, tensors by name, and the shape that they make."""

    path: Path
    fields: Mapping[str, Any]
    tensors: Mapping[str, GgufTensor]
    shape: StudentShape


def is_gguf(path: Path) -> bool:
    """Whether a file begins as a GGUF does, or is called like one."""
    if path.suffix.lower() == ".gguf":
        return True
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read_gguf(path: Path) -> GgufStudent:
    """Read the header of a GGUF; its tensors stay on disk until they are needed.

    Raises:
        ConfigError: it is damaged, of another kind, of an architecture that is not known, or
            holds more than a network of that.
    """
    try:
        fields, tensors = read_header(path)
    except (struct.error, *_DAMAGE) as error:
        raise _damaged(path, error) from error
    kind = fields.get("general.type", "model")
    if kind != "model":
        raise ConfigError(f"{path}: found a GGUF of type {kind!r}, expected a whole model")
    if fields.get("split.count", 1) not in (0, 1):
        raise ConfigError(f"{path}: is one part of several: join them first (gguf-split --merge)")
    factors = tensors.get("rope_freqs.weight")
    known: dict[str, Any] = dict.fromkeys(tensors)
    if factors is not None:
        known["rope_freqs.weight"] = factors.data
    shape = shape_of_gguf(fields, str(path), tensors=known)
    require_no_others(tensors, (theirs for _, theirs in gguf_names(shape)), str(path))
    return GgufStudent(path, fields, tensors, shape)


def gguf_weights(student: GgufStudent) -> Iterator[tuple[str, Floats]]:
    """Each matrix and vector by the name that Hugging Face gives it, as 32-bit floats.

    llama.cpp keeps queries and keys of the llama family in another order of rows; they are put
    back (`LlamaModel.permute` in llama.cpp's converter is its inverse).

    Raises:
        ConfigError: a tensor is missing, of another size, or quantised in an unknown way.
    """
    from gguf import dequantize

    for ours, theirs in gguf_names(student.shape):
        tensor = student.tensors.get(theirs)
        if tensor is None:
            raise ConfigError(f"{student.path}: holds no tensor {theirs}: it is incomplete")
        try:
            values = np.array(dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
        except (NotImplementedError, *_DAMAGE) as error:
            raise ConfigError(
                f"{student.path}: {theirs}: its quantisation {tensor.tensor_type.name} cannot be "
                f"read ({error}): take an F16, BF16 or Q8_0 file of the model"
            ) from error
        if not np.isfinite(values).all():
            raise ConfigError(f"{student.path}: {theirs} holds numbers that are not finite")
        yield ours, unpermuted(values, student.shape, ours)


def permuted(rows: Floats, shape: StudentShape, name: str) -> Floats:
    """Rows of queries and keys in llama.cpp's order, where its family has one; others as is."""
    return _reordered(rows, shape, name, to_gguf=True)


def unpermuted(rows: Floats, shape: StudentShape, name: str) -> Floats:
    """The inverse of `permuted`."""
    return _reordered(rows, shape, name, to_gguf=False)


def _reordered(rows: Floats, shape: StudentShape, name: str, *, to_gguf: bool) -> Floats:
    heads = {"q_proj": shape.head_count, "k_proj": shape.kv_head_count}
    count = next((count for part, count in heads.items() if f".{part}." in name), None)
    if count is None or shape.family != "llama":
        return rows
    half = shape.head_size // 2
    inner = (2, half) if to_gguf else (half, 2)
    split = rows.reshape(count, *inner, *rows.shape[1:])
    return np.ascontiguousarray(split.swapaxes(1, 2).reshape(rows.shape))


def _damaged(path: Path, error: BaseException) -> ConfigError:
    return ConfigError(
        f"{path}: is no GGUF that can be read ({str(error) or type(error).__name__}): it may have "
        "been cut off on its way; fetch it again"
    )
