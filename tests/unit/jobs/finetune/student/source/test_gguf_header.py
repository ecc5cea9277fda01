"""A header holds what the package `gguf` reads in it, in either order of bytes."""

from pathlib import Path

import numpy as np
import pytest

from jobs.finetune.student.source.gguf_header import read_header
from tests.rows import each_row
from tests.unit.jobs.finetune.student.tiny_students import make_gguf


def write(path: Path, *, is_big: bool) -> Path:
    from gguf import GGMLQuantizationType, GGUFEndian, GGUFWriter

    writer = GGUFWriter(path, "llama", endianess=GGUFEndian.BIG if is_big else GGUFEndian.LITTLE)
    writer.add_name("größer")
    writer.add_bool("a.yes", True)
    writer.add_float32("a.small", 0.25)
    writer.add_uint64("a.large", 1 << 60)
    writer.add_array("a.numbers", [1, -2, 3])
    writer.add_array("a.texts", ["one", "", "zwei ü"])
    writer.add_custom_alignment(64)
    writer.add_tensor("plain", np.arange(6, dtype=np.float32).reshape(2, 3))
    blocks = np.arange(34, dtype=np.uint8).reshape(1, 34)
    writer.add_tensor("blocks", blocks, raw_dtype=GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_values_and_tensors_are_those_that_the_package_reads(tmp_path: Path) -> None:
    from gguf import GGUFReader

    for path in (make_gguf(tmp_path / "tiny.gguf"), write(tmp_path / "all.gguf", is_big=False)):
        reader = GGUFReader(path)

        header = read_header(path)

        theirs = {name: field.contents() for name, field in reader.fields.items()}
        assert header.fields == {k: v for k, v in theirs.items() if not k.startswith("GGUF.")}
        assert list(header.tensors) == [tensor.name for tensor in reader.tensors]
        for tensor in reader.tensors:
            ours = header.tensors[tensor.name]
            assert ours.tensor_type == tensor.tensor_type
            assert ours.data.dtype == tensor.data.dtype
            assert np.array_equal(ours.data, tensor.data)


def test_a_file_of_the_other_byte_order_says_the_same(tmp_path: Path) -> None:
    little, big = (
        read_header(write(tmp_path / f"{name}.gguf", is_big=name == "big"))
        for name in ("little", "big")
    )

    assert big.fields == little.fields
    assert np.array_equal(big.tensors["plain"].data, little.tensors["plain"].data)


@each_row(
    "place, value, found",
    [(0, b"GGML", "begin"), (4, b"\x09", "version 9"), (4, b"\x04", "version 4")],
)
def test_what_is_no_header_says_so(tmp_path: Path, place: int, value: bytes, found: str) -> None:
    path = write(tmp_path / "a.gguf", is_big=False)
    data = bytearray(path.read_bytes())
    data[place : place + len(value)] = value
    path.write_bytes(data)

    with pytest.raises(ValueError, match=found):
        read_header(path)
