"""Says which chunks are asked about: a sample, a cap for each document, none with private data."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from engine.files.records import read_grouped_ids, read_ids
from engine.run_folder import RunFolder
from jobs.dataset.pairs.pair_ids import QUESTIONS_OF_PAIR, is_paired
from jobs.documents.chunk_documents import CHUNKS
from jobs.documents.whole_corpus.check_held_out import read_leaked_chunks
from jobs.text.languages import detect_language
from jobs.text.private.find_private import find_private, find_secrets
from schemas.dataset import Fault
from schemas.documents import Chunk
from schemas.settings import RunSettings

HOLDS_PRIVATE = "holds_private_data"


def choose_chunks(folder: RunFolder, settings: RunSettings) -> Callable[[str], bool]:
    """Which chunks are asked about, and whose questions are answered.

    All that are not leaked, or the `limit_chunks` smallest ids of them: a sample that a higher
    limit only adds to, and of which a lower one asks nothing further. A cap for each document
    samples its chunks in the same way.
    """
    limit = settings.limit_chunks
    if limit is None and not settings.questions.max_per_document:
        leaked = read_leaked_chunks(folder)
        return lambda chunk_id: chunk_id not in leaked
    usable = _usable_chunks(folder, settings)
    return frozenset(usable if limit is None else heapq.nsmallest(limit, usable)).__contains__


def _usable_chunks(folder: RunFolder, settings: RunSettings) -> Iterator[str]:
    """The ids of chunks that are not leaked; of a document no more than its cap lets be asked."""
    leaked = read_leaked_chunks(folder)
    path = folder.results_path(CHUNKS.name)
    if not (cap := settings.questions.max_per_document):
        return (chunk_id for chunk_id in read_ids(path, Chunk) if chunk_id not in leaked)
    by_document: dict[str, list[str]] = {}
    for each in read_grouped_ids(path, Chunk, "document_id"):
        if each.record_id not in leaked:
            by_document.setdefault(each.group_id, []).append(each.record_id)
    return chain.from_iterable(_within_cap(ids, cap, settings) for ids in by_document.values())


def _within_cap(chunk_ids: Sequence[str], cap: int, settings: RunSettings) -> Iterator[str]:
    """The smallest ids, at least one, whose questions with those of pairs are within the cap."""
    per_chunk, left = settings.questions.per_chunk, cap
    for place, chunk_id in enumerate(sorted(chunk_ids)):
        left -= per_chunk + (QUESTIONS_OF_PAIR if is_paired(chunk_id, settings) else 0)
        if left < 0 and place:
            return
        yield chunk_id


def count_usable_chunks(folder: RunFolder, settings: RunSettings) -> int:
    """How many chunks may be asked about where no sample is set."""
    return sum(1 for _ in _usable_chunks(folder, settings))


def find_withheld(chunk: Chunk, settings: RunSettings) -> Fault | None:
    """Names what the chunk holds and must not be sent; None: nothing."""
    sends, rules = settings.questions.sends, settings.chunks.private_rules
    if sends == "all":
        return None
    if sends == "no_secrets":
        found = find_secrets(chunk.text, rules=rules)
    else:
        found = find_private(chunk.text, detect_language(chunk.text), rules=rules)
    names = sorted({each.name for each in found})
    return Fault(HOLDS_PRIVATE, detail=", ".join(names)) if names else None
