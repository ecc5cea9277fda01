"""A part says what became of files; several are one that says the same."""

import pytest

from engine.errors import DamagedLogError
from jobs.stored.parts import Base, Extent, FileChange, Part, PartNote, decode, encode, merge
from tests.rows import each_row


def change(name: str, base: Base, *extents: Extent, size_bytes: int = 0) -> FileChange:
    return FileChange(name=name, base=base, extents=extents, size_bytes=size_bytes, crc=size_bytes)


def inline(data: bytes) -> Extent:
    return Extent(size_bytes=len(data))


def part(*changes: FileChange, data: list[bytes] | None = None, at: str = "now") -> Part:
    note = PartNote(writer="w", session="s", holder="h", at=at, begins=True, changes=changes)
    return Part(note, data or [])


def test_part_is_read_as_it_was_written() -> None:
    written = part(
        change(
            "journal.jsonl", "kept", inline(b"a\nb"), Extent(size_bytes=9, object_name="objects/o")
        ),
        change("old.jsonl", "gone"),
        data=[b"a\nb"],
    )

    assert decode(encode(written), "a part") == written


@each_row(
    "data",
    [
        encode(part(change("../../etc/passwd", "empty"))),
        encode(part(change("/etc/passwd", "empty"))),
        encode(part(change("a", "empty", Extent(size_bytes=1, object_name="../secret")))),
        encode(part(change("a", "empty", Extent(size_bytes=1, object_name="objects/../../b")))),
        encode(part(change("a", "empty", Extent(size_bytes=1, object_name="parts/00000001-0")))),
        encode(part(change("a.jsonl", "empty", inline(b"long")), data=[b"lon"])),
        encode(part(change("a.jsonl", "empty", inline(b"long")), data=[b"long", b"more"])),
        encode(part()).replace(b'"writer"', b'"wroter"'),
        encode(part())[:-1],
    ],
)
def test_part_that_is_none_of_ours_is_told(data: bytes) -> None:
    with pytest.raises(DamagedLogError, match="a part: this part of a"):
        decode(data, "a part")


def test_merged_part_does_what_its_parts_do_and_names_what_is_needed_no_more() -> None:
    first = part(
        change("grows", "empty", inline(b"1"), size_bytes=1),
        change(
            "replaced", "empty", Extent(size_bytes=5, object_name="objects/former"), size_bytes=5
        ),
        change("removed", "empty", inline(b"gone"), size_bytes=4),
        change("made_again", "gone"),
        data=[b"1", b"gone"],
    )
    second = part(
        change("grows", "kept", inline(b"2"), size_bytes=2),
        change(
            "replaced", "empty", Extent(size_bytes=6, object_name="objects/latter"), size_bytes=6
        ),
        change("removed", "gone"),
        change("made_again", "kept", inline(b"new"), size_bytes=3),
        data=[b"2", b"new"],
        at="later",
    )

    merged, unneeded = merge([first, second])

    assert merged.note.at == "later"
    assert not merged.note.begins
    assert unneeded == ["objects/former"]
    assert decode(encode(merged), "it") == merged
    assert {
        c.name: (c.base, [(e.extent.object_name, e.data) for e in extents])
        for c, extents in merged.changed()
    } == {
        "grows": ("empty", [("", b"12")]),
        "replaced": ("empty", [("objects/latter", None)]),
        "removed": ("gone", []),
        "made_again": ("empty", [("", b"new")]),
    }
