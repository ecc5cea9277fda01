"""Makes JSON lines of a result file that some hosts and stores send otherwise."""

import codecs
import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.wire.lenient_json import NotJsonError, dump_json, parse_json
from engine.wire.unpacking import PIECE_BYTES, Unpacker

GZIP_START = b"\x1f\x8b"  # RFC 1952, section 2.3.1
WIDE_TEXTS = {  # by what they begin with; the longer ones first
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def make_lines(path: Path, *, max_bytes: int, max_parsed_bytes: int) -> None:
    """Rewrite a file that is packed by gzip, in UTF-16 or UTF-32, or one JSON array.

    Any other file stays as it is, and so does one that would have more than `max_bytes`. An array
    of more than `max_parsed_bytes` is taken apart at its lines.
    """
    start = _start_of(path)
    if start.startswith(GZIP_START):
        _rewrite(path, _unpacked(path), max_bytes)
        start = _start_of(path)
    encoding = next((name for mark, name in WIDE_TEXTS.items() if start.startswith(mark)), None)
    if encoding is not None:
        _rewrite(path, _narrowed(path, encoding), max_bytes)
        start = _start_of(path)
    if start.lstrip(codecs.BOM_UTF8 + b" \t\r\n").startswith(b"["):
        _rewrite(path, _elements(path, max_parsed_bytes), max_bytes)


def _start_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(PIECE_BYTES)


def _rewrite(path: Path, pieces: Iterable[bytes], max_bytes: int) -> None:
    part_path, size_bytes = path.with_name(path.name + ".part"), 0
    with part_path.open("wb") as part:
        try:
            for piece in pieces:
                size_bytes += part.write(piece)
                if size_bytes > max_bytes:
                    break
        except (zlib.error, NotJsonError):
            size_bytes = max_bytes + 1
        part.flush()
        os.fsync(part.fileno())
    if size_bytes > max_bytes:
        part_path.unlink()
    else:
        part_path.replace(path)


def _unpacked(path: Path) -> Iterator[bytes]:
    unpacker = Unpacker("gzip")
    for piece in _pieces(path):
        yield from unpacker.unpack(piece)


def _narrowed(path: Path, encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    for piece in _pieces(path):
        yield decoder.decode(piece).encode(errors="replace")
    yield decoder.decode(b"", final=True).encode(errors="replace")


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _elements(path: Path, max_parsed_bytes: int) -> Iterator[bytes]:
    """The elements of an array, a line each.

    Raises:
        NotJsonError: it is none.
    """
    if path.stat().st_size <= max_parsed_bytes:
        elements = parse_json(path.read_bytes())
        for element in elements if isinstance(elements, list) else [elements]:
            yield dump_json(element) + b"\n"
        return
    with path.open("rb") as file:
        for line in file:
            row = line.strip(b" \t\r\n,[]" + codecs.BOM_UTF8)
            if row:
                yield row + b"\n"
