"""Packed bodies are unpacked as they are meant, not as labelled, in pieces of any size."""

import gzip
import zlib

from engine.wire.unpacking import PIECE_BYTES, Unpacker
from tests.rows import each_row

TEXT = b'{"choices": [{"index": 0}]}' * 50
HALF = len(TEXT) // 2


def bare_deflate(data: bytes) -> bytes:
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packing.compress(data) + packing.flush()


PACKED = {
    "gzip": ("gzip", gzip.compress(TEXT)),
    "gzip by its old name": ("X-GZIP", gzip.compress(TEXT)),
    "two members": ("gzip", gzip.compress(TEXT[:HALF]) + gzip.compress(TEXT[HALF:])),
    "padded": ("gzip", gzip.compress(TEXT) + b"\0" * 20),
    "labelled, and not packed": ("gzip", TEXT),
    "zlib": ("deflate", zlib.compress(TEXT)),
    "deflate without a header": ("deflate", bare_deflate(TEXT)),
    "gzip beside a name that says nothing": ("identity, gzip", gzip.compress(TEXT)),
    "not packed": ("identity", TEXT),
    "nothing that was asked for": ("br", TEXT),
}


@each_row("size", [1, 3, 1 << 20])
@each_row("encoding, packed", PACKED.values())
def test_what_was_packed_comes_out_whole(encoding: str, packed: bytes, size: int) -> None:
    unpacker = Unpacker(encoding)

    pieces = [packed[start : start + size] for start in range(0, len(packed), size)]
    text = b"".join(part for piece in pieces for part in unpacker.unpack(piece))

    assert text == TEXT
    assert unpacker.is_whole


@each_row("end", [-4, 1])
def test_what_was_cut_off_is_not_whole(end: int) -> None:
    unpacker = Unpacker("gzip")

    list(unpacker.unpack(gzip.compress(TEXT)[:end]))

    assert not unpacker.is_whole


@each_row("encoding", ["gzip", "deflate", "identity"])
def test_no_body_is_whole(encoding: str) -> None:
    unpacker = Unpacker(encoding)

    assert list(unpacker.unpack(b"")) in ([], [b""])
    assert unpacker.is_whole


def test_a_bomb_comes_in_small_pieces() -> None:
    pieces = list(Unpacker("gzip").unpack(gzip.compress(bytes(40 * PIECE_BYTES))))

    assert sum(map(len, pieces)) == 40 * PIECE_BYTES
    assert max(map(len, pieces)) == PIECE_BYTES
