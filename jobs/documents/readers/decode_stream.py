"""Text of a file that is too large to be held: its encoding, then its lines, one at a time."""

import codecs
import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from jobs.documents.readers.decode import (
    SAMPLE_BYTES,
    Encoding,
    guess_codec,
    has_enough_utf8,
    known_encoding,
)
from jobs.documents.readers.limits import UnreadableFileError

_BLOCK_BYTES = 1024 * 1024
_WRONG = "\ufffd"
_BEYOND_ASCII = re.compile(rb"[^\x00-\x7f]")


def find_encoding(file: BinaryIO, fallback: str = "") -> Encoding:
    """How a file is encoded, by the rules of `decode_text`; it is read once, in blocks.

    What it says of itself, and whether it is text, is looked for at its start.

    Raises:
        UnreadableFileError: it is no text.
    """
    file.seek(0)
    if (known := known_encoding(file.read(SAMPLE_BYTES))) is not None:
        return known
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    good_count = bad_count = 0
    telling = b""
    while block := file.read(_BLOCK_BYTES):
        if block.isascii() and not decoder.getstate()[0]:
            continue
        if len(telling) < SAMPLE_BYTES and (first := _BEYOND_ASCII.search(block)):
            telling += block[max(0, block.rfind(b"\n", 0, first.start())) :]
        text = decoder.decode(block)
        wrong_count = text.count(_WRONG)
        bad_count += wrong_count
        good_count += len(text) - len(text.encode("ascii", "ignore")) - wrong_count
    bad_count += len(decoder.decode(b"", final=True))
    if has_enough_utf8(good_count, bad_count):
        return Encoding("utf-8")
    return Encoding(fallback or guess_codec(telling))


def read_lines(
    file: BinaryIO, encoding: Encoding, *, max_chars: int, newline: str
) -> Iterator[str]:
    """The lines of a file, from its start and with their ends; wrong bytes become U+FFFD.

    `newline` is what `io.TextIOWrapper` takes for the end of a line. The file is closed with what
    is returned.

    Raises:
        UnreadableFileError: a line has more than `max_chars` characters.
    """
    file.seek(encoding.mark_bytes)
    with io.TextIOWrapper(file, encoding.codec, "replace", newline) as text:
        while line := text.readline(max_chars):
            if len(line) == max_chars and line[-1] not in "\r\n":
                raise UnreadableFileError(
                    "too_large",
                    f"has a line of more than {max_chars:,} characters; split it, or raise "
                    "documents.max_text_mb_per_file",
                )
            yield line
