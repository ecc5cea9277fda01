"""Counts the tokens of documents on all cores."""

from collections.abc import Container
from pathlib import Path
from typing import NamedTuple

import orjson

from engine.files.records import read_record_lines
from engine.stopping import Stopping
from engine.wire.tokens import count_tokens
from jobs.documents.line_groups import NothingGiven, read_group, write_groups
from jobs.processes.work_pool import WorkPool, map_in_order
from schemas.documents import Document


class TextSize(NamedTuple):
    """How large the text of a document is."""

    document_id: str
    token_count: int
    length_chars: int


async def count_all_tokens(
    documents_path: Path, pool: WorkPool, stopping: Stopping, *, passed_over: Container[str]
) -> list[TextSize]:
    """The sizes of all documents of a file but for those with some ids, in the file's order.

    Raises:
        EngineError: a line is damaged, or a stop was requested.
    """
    sizes: list[TextSize] = []
    lines = read_record_lines(documents_path, Document, is_wanted=lambda i: i not in passed_over)
    await map_in_order(
        pool.calls_of(count_texts, on=documents_path),
        write_groups(documents_path, lines, stopping),
        lambda answer: sizes.extend(TextSize(*size) for size in orjson.loads(answer)),
    )
    return sizes


def count_texts(body: bytes) -> bytes:
    """The sizes of texts as JSON: what a worker does."""
    documents = read_group(body, Document, NothingGiven).records
    return orjson.dumps([(d.document_id, count_tokens(d.text), len(d.text)) for d in documents])
