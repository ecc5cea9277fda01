"""Reads plain text: its lines and paragraphs are kept as they are."""

from jobs.documents.readers.clean_text import clean
from jobs.documents.readers.decode import decode_text
from jobs.documents.readers.extract import Block, Extract, assemble
from jobs.documents.readers.limits import ReadLimits


def read_text(data: bytes, limits: ReadLimits) -> Extract:
    """Raises: UnreadableFileError."""
    return assemble([Block(clean(decode_text(data)))], limits)
