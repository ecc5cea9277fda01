"""Held-out questions with their references as rows: by them is told what a student has learnt."""

import heapq
from collections.abc import Iterator, Mapping

import orjson

from engine.files.records import read_records, read_records_by_id
from engine.run_folder import RunFolder
from jobs.dataset.pairs.pair_ids import text_ids
from jobs.dataset.rows.chat_rows import Excerpt, place_of, student_prompt
from jobs.documents.chunk_documents import CHUNKS
from jobs.documents.passages import passages_of
from schemas.dataset import HeldOutQuestion
from schemas.documents import Chunk
from schemas.record import content_id
from schemas.settings import RunSettings

MOST_ROWS = 64  # their loss is told within a few hundredths, and takes seconds


def held_out_rows(folder: RunFolder, settings: RunSettings) -> list[bytes]:
    """0..MOST_ROWS rows in chat format, of the questions whose reference is known.

    Which ones is drawn by their ids, so the same call draws the same. The excerpt is all that
    the question is about, as the evaluation shows it; where the run has no longer all of it, its
    path says where it stood.

    Raises:
        DamagedLogError: a line is damaged.
    """
    drawn = heapq.nsmallest(
        MOST_ROWS,
        _with_reference(folder),
        key=lambda question: content_id("held-out row", question.question_id),
    )
    wanted = {chunk_id for question in drawn for chunk_id in text_ids(question)}
    path = folder.results_path(CHUNKS.name)
    found = read_records_by_id(path, Chunk, is_wanted=wanted.__contains__) if drawn else ()
    chunks = {chunk.chunk_id: chunk for chunk in found}
    return [_row(question, _place(question, chunks), settings) for question in drawn]


def _with_reference(folder: RunFolder) -> Iterator[HeldOutQuestion]:
    path = folder.dataset_dir / "held_out.jsonl"
    return (each for each in read_records(path, HeldOutQuestion) if each.reference)


def _place(question: HeldOutQuestion, chunks: Mapping[str, Chunk]) -> str:
    if not chunks.keys() >= set(filter(None, text_ids(question))):
        return question.path
    return place_of(*passages_of(question, chunks.__getitem__).in_order)


def _row(question: HeldOutQuestion, place: str, settings: RunSettings) -> bytes:
    excerpt = None if settings.dataset.closed_book else Excerpt(place, question.context)
    messages = student_prompt(question.question, excerpt, settings.dataset).messages()
    return orjson.dumps(
        {"messages": [*messages, {"role": "assistant", "content": question.reference}]}
    )
