"""Reads the held-out questions of a run, without those that rest on text that is trained on."""

import logging
from collections.abc import Iterator, Sequence

from engine.files.records import read_records
from engine.run_folder import RunFolder
from jobs.documents.whole_corpus.check_held_out import read_leaked_text
from schemas.dataset import HeldOutQuestion
from schemas.record import Span

MAX_LEAKED_EVIDENCE = 0.5  # of what a held-out question rests on, in training text

_log = logging.getLogger(__name__)


def read_held_out_questions(folder: RunFolder) -> Iterator[HeldOutQuestion]:
    """All of them, one at a time. Raises DamagedLogError: a line is damaged."""
    return read_records(folder.dataset_dir / "held_out.jsonl", HeldOutQuestion)


def read_truly_held_out(folder: RunFolder) -> Iterator[HeldOutQuestion]:
    """Those whose evidence stands in training text by less than half; the others are counted.

    Raises DamagedLogError: a line is damaged.
    """
    leaked = read_leaked_text(folder)
    left_out_count = 0
    for question in read_held_out_questions(folder):
        ids = (question.chunk_id, question.second_chunk_id)
        others = [span for chunk_id in ids for span in leaked.get(chunk_id, ())]
        if _common_share(question.evidence, others) < MAX_LEAKED_EVIDENCE:
            yield question
        else:
            left_out_count += 1
    if left_out_count:
        _log.info(
            "%d held-out questions are left out: what answers them stands in training text too",
            left_out_count,
        )


def _common_share(spans: Sequence[Span], others: Sequence[Span]) -> float:
    """The share of the characters of `spans` that are in `others`, whose ranges do not touch."""
    size = sum(span.end_char - span.start_char for span in spans)
    common = sum(
        max(0, min(span.end_char, other.end_char) - max(span.start_char, other.start_char))
        for span in spans
        for other in others
    )
    return common / size if size else 0.0
