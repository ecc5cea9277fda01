"""How large an evaluation is: its questions, and the texts that they are about."""

from collections.abc import Sequence
from typing import NamedTuple

from engine.files.jsonl_lines import read_lines
from engine.files.records import read_records
from engine.run_folder import RunFolder
from engine.wire.tokens import count_tokens
from schemas.dataset import Provenance
from schemas.evaluation import Sample
from schemas.settings import RunSettings


class Sizes(NamedTuple):
    """How many questions an evaluation has, and the tokens of the longest text they are about."""

    held_out: int
    new: int
    unanswerable: int
    context_tokens: int

    @classmethod
    def of(
        cls, held_out: float, trained_chunks: float, context_tokens: int, settings: RunSettings
    ) -> "Sizes":
        """Of so many held-out questions, and chunks that rows are about."""
        chosen = settings.evaluation
        drawn = min(chosen.max_held_out, round(held_out))
        new = min(chosen.max_new_questions, round(trained_chunks))
        return cls(drawn, new, min(chosen.max_unanswerable, drawn), context_tokens)

    @classmethod
    def of_samples(cls, samples: Sequence[Sample]) -> "Sizes":
        """Of questions that there are."""
        unanswerable = sum(sample.slice == "unanswerable" for sample in samples)
        longest = max((count_tokens(sample.context) for sample in samples), default=0)
        return cls(len(samples) - unanswerable, 0, unanswerable, longest)

    @property
    def answerable(self) -> int:
        """Those that their text answers."""
        return self.held_out + self.new


def count_rows(folder: RunFolder) -> tuple[int, int]:
    """Held-out questions of a dataset, and chunks that have rows to train on."""
    held_out = sum(1 for _ in read_lines(folder.dataset_dir / "held_out.jsonl"))
    rows = read_records(folder.dataset_dir / "provenance.jsonl", Provenance)
    return held_out, len({row.chunk_id for row in rows if row.file == "train.jsonl"})
