"""Which chunks are asked about together with a second one, and which lines are about such pairs."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, TypeVar

from engine.files.jsonl_lines import read_lines
from jobs.documents.passages import AboutPassages
from schemas.record import content_id
from schemas.settings import RunSettings

Line = TypeVar("Line", bound=AboutPassages)

QUESTIONS_OF_PAIR = 2  # at most; they share the prompt, which holds two chunks


def asks_about_pairs(settings: RunSettings) -> bool:
    """Whether some chunks are asked about together with a second one."""
    return settings.questions.pair_fraction > 0 and settings.teacher.prompt_profile != "small"


def is_paired(chunk_id: str, settings: RunSettings) -> bool:
    """Whether a chunk is drawn for it, whatever other chunks there are."""
    if not asks_about_pairs(settings):
        return False
    draw = int(content_id("pair", chunk_id)[:13], 16) / 16**13  # 52 bits: exact in a float
    return draw < settings.questions.pair_fraction


class TextIds(NamedTuple):
    """The chunk that a line is about, and the second one that it needs; empty: none."""

    chunk_id: str
    second_chunk_id: str


def text_ids(line: AboutPassages) -> TextIds:
    """What a question or an answer is about."""
    return TextIds(line.chunk_id, line.second_chunk_id)


def by_text(by_chunk: Iterator[Line]) -> Iterator[Line]:
    """Of the lines about a chunk those first that need it alone, then those of each pair."""
    for _, group in groupby(by_chunk, key=lambda line: line.chunk_id):
        yield from sorted(group, key=text_ids)


def read_text_ids(path: Path) -> Iterator[TextIds]:
    """What each whole line of a file is about, in order; nothing else of it is read."""
    for line in read_lines(path):
        yield TextIds(_id_behind(b'"chunk_id":"', line), _id_behind(b'"second_chunk_id":"', line))


def _id_behind(name: bytes, line: bytes) -> str:
    """The id of a field; empty: the line has none. No text holds its name: quotes are escaped."""
    start = line.find(name)
    if start < 0:
        return ""
    start += len(name)
    return line[start : line.find(b'"', start)].decode()
