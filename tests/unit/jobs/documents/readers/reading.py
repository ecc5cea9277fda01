"""Reads made bytes with the reader of a format and checks what holds for every extract."""

from jobs.documents.readers.extract import Extract
from jobs.documents.readers.limits import ReadLimits
from jobs.documents.readers.registry import reader_of

LIMITS = ReadLimits(max_data_bytes=1_000_000, max_text_bytes=1_000_000)


def read(format_name: str, data: bytes | str, limits: ReadLimits = LIMITS) -> Extract:
    """The extract, whose headings all stand where they say."""
    extract = reader_of(format_name)(data.encode() if isinstance(data, str) else data, limits)
    for heading in extract.headings:
        end = heading.start_char + len(heading.text)
        assert extract.text[heading.start_char : end] == heading.text
    assert list(extract.page_starts) == sorted(extract.page_starts)
    return extract


def headings(extract: Extract) -> list[tuple[int, str]]:
    """Level and text of each heading."""
    return [(heading.level, heading.text) for heading in extract.headings]
