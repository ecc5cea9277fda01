"""Parts of segments: what is put into one comes out of it, and nothing else is believed."""

import pytest

from engine.errors import DamagedLogError
from jobs.send.sharded.outside.parts import (
    Piece,
    SegmentPart,
    decode_part,
    encode_part,
    epochs_in,
    part_names,
)
from tests.rows import each_row

PIECES = [Piece("journal.jsonl", b'{"a":1}\n{"b":2}\n'), Piece("finished/questions.jsonl", b"{}\n")]


def test_pieces_come_out_as_they_went_in() -> None:
    assert decode_part(encode_part(PIECES), "call/shard/part") == PIECES


@each_row(
    "data",
    [
        b"",
        b"no json\n",
        b"[]\n",
        encode_part(PIECES)[:-1],
        encode_part(PIECES) + b"more",
        encode_part([Piece("../../config.toml", b"x\n")]),
        encode_part([Piece("/etc/passwd", b"x\n")]),
    ],
)
def test_part_that_is_none_of_ours_or_not_whole_is_damaged(data: bytes) -> None:
    with pytest.raises(DamagedLogError, match="call/shard/part: this part of a segment is damaged"):
        decode_part(data, "call/shard/part")


def test_objects_of_a_shard_are_told_apart_and_put_in_order() -> None:
    names = ["c/s/00010-owner", "c/s/00002-00000010", "c/s/00002-00000009", "c/s/items.jsonl"]

    assert part_names(names) == [SegmentPart(2, 9), SegmentPart(2, 10)]
    assert epochs_in([*names, "c/s/00002-owner"]) == [2, 10]
    assert f"{SegmentPart(2, 9)}" == "00002-00000009"
