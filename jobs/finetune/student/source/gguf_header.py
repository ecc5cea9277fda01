"""The header of a GGUF in one pass: its values, and where its tensors lie.

The reader of the package `gguf` makes several arrays of each token of a vocabulary, which takes
seconds. The layout is that of https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
"""

from collections.abc import Callable
from math import prod
from pathlib import Path
from struct import Struct
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from gguf import GGMLQuantizationType

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MOST_DIMENSIONS = 4  # GGML_MAX_DIMS

_ALIGNMENT_KEY, _DEFAULT_ALIGNMENT = "general.alignment", 32
_STRING, _ARRAY = 8, 9
_NUMBERS = {0: "u1", 1: "i1", 2: "u2", 3: "i2", 4: "u4", 5: "i4", 6: "f4", 7: "?", 10: "u8"} | {
    11: "i8",
    12: "f8",
}
_PLAIN = {"F16": "f2", "F32": "f4", "F64": "f8", "I8": "i1", "I16": "i2", "I32": "i4", "I64": "i8"}


class GgufTensor(NamedTuple):
    """A tensor as it lies in the file: numbers, or bytes of blocks that `gguf` can dequantise."""

    tensor_type: "GGMLQuantizationType"
    data: NDArray[Any]


class GgufHeader(NamedTuple):
    """What a file says of itself, by key, and its tensors, by name."""

    fields: dict[str, Any]
    tensors: dict[str, GgufTensor]


def read_header(path: Path) -> GgufHeader:
    """Read a file's header; its tensors stay on disk until they are looked at.

    Raises:
        ValueError, KeyError, IndexError, OverflowError, struct.error, OSError: it is damaged.
    """
    cursor = _Cursor(np.memmap(path, mode="r"))
    if cursor.bytes(len(MAGIC)) != MAGIC:
        raise ValueError("it does not begin as a GGUF does")
    version = cursor.number("u4")
    if version & 0xFFFF == 0:  # written on a machine of the other byte order
        cursor.order, version = ">", int.from_bytes(version.to_bytes(4, "little"), "big")
    if version not in VERSIONS:
        raise ValueError(f"version {version} of the format is not known")
    tensor_count, field_count = cursor.number("u8"), cursor.number("u8")
    fields: dict[str, Any] = {}
    for _ in range(field_count):
        _add(fields, cursor.text(), lambda: cursor.value(cursor.number("u4")))
    places: dict[str, tuple[list[int], int, int]] = {}
    for _ in range(tensor_count):
        _add(places, cursor.text(), cursor.place)
    start = cursor.aligned(fields.get(_ALIGNMENT_KEY, _DEFAULT_ALIGNMENT))
    tensors = {name: cursor.tensor(start, *place) for name, place in places.items()}
    return GgufHeader(fields, tensors)


class _Cursor:
    """Reads one thing after the other."""

    def __init__(self, data: NDArray[np.uint8]) -> None:
        self.order: Literal["<", ">"] = "<"
        self._data = data
        self._bytes = memoryview(data.data)
        self._at = 0

    def bytes(self, count: int) -> bytes:
        return self._take(count).tobytes()

    def number(self, kind: str) -> int:
        number: int = self.numbers(kind, 1)[0]
        return number

    def numbers(self, kind: str, count: int) -> list[Any]:
        dtype = np.dtype(kind).newbyteorder(self.order)
        numbers: list[Any] = np.frombuffer(self._take(count * dtype.itemsize), dtype).tolist()
        return numbers

    def text(self) -> str:
        return self.texts(1)[0]

    def texts(self, count: int) -> list[str]:
        length_of, found = Struct(f"{self.order}Q").unpack_from, []
        data, at, size = self._bytes, self._at, len(self._bytes)
        for _ in range(count):  # a call for each would take most of the time of reading a model
            start = at + 8
            at = start + length_of(data, at)[0]
            if at > size:
                raise self._too_short(at)
            found.append(str(data[start:at], "utf-8"))
        self._at = at
        return found

    def value(self, kind: int) -> object:
        if kind == _STRING:
            return self.text()
        if kind != _ARRAY:
            return self.numbers(_NUMBERS[kind], 1)[0]
        kind, count = self.number("u4"), self.number("u8")
        return self.texts(count) if kind == _STRING else self.numbers(_NUMBERS[kind], count)

    def place(self) -> tuple[list[int], int, int]:
        """The dimensions, the type and the offset of a tensor."""
        dimension_count = self.number("u4")
        if dimension_count > MOST_DIMENSIONS:
            raise ValueError(f"a tensor has {dimension_count} dimensions")
        return self.numbers("u8", dimension_count), self.number("u4"), self.number("u8")

    def aligned(self, alignment: object) -> int:
        """Where the tensors begin."""
        if not isinstance(alignment, int) or alignment < 1 or alignment & (alignment - 1):
            raise ValueError(f"an alignment of {alignment!r} is none")
        return -(-self._at // alignment) * alignment

    def tensor(self, start: int, dimensions: list[int], kind: int, offset: int) -> GgufTensor:
        from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
        from gguf.quants import quant_shape_to_byte_shape

        tensor_type = GGMLQuantizationType(kind)
        block_size, block_bytes = GGML_QUANT_SIZES[tensor_type]
        size_bytes = prod(dimensions) * block_bytes // block_size
        self._at = start + offset
        self._take(size_bytes)
        shape = tuple(reversed(dimensions))
        if plain := _PLAIN.get(tensor_type.name):
            dtype = np.dtype(plain).newbyteorder(self.order)
        else:
            dtype, shape = np.dtype("u1"), quant_shape_to_byte_shape(shape, tensor_type)
        data = self._data[start + offset : start + offset + size_bytes]
        return GgufTensor(tensor_type, data.view(dtype).reshape(shape))

    def _take(self, count: int) -> memoryview:
        end = self._at + count
        if end > len(self._bytes):
            raise self._too_short(end)
        taken, self._at = self._bytes[self._at : end], end
        return taken

    def _too_short(self, end: int) -> ValueError:
        return ValueError(f"it ends at byte {len(self._bytes):,} and goes on to {end:,}")


def _add(found: dict[str, Any], name: str, read: Callable[[], Any]) -> None:
    if name in found:
        raise KeyError(f"{name} is there twice")
    found[name] = read()
