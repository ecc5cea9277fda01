"""What an interval takes for independent: documents, or the excerpts of the only one."""

from collections.abc import Iterable, Sequence

import numpy as np

from jobs.comparison.statistics.intervals import Units
from schemas.comparison import Unit
from schemas.evaluation import Sample


def choose_unit(samples: Iterable[Sample]) -> Unit:
    """Documents; excerpts where there is but one document, since it has nothing beside it."""
    return "document" if len({document_of(sample) for sample in samples}) > 1 else "excerpt"


def number_units(samples: Sequence[Sample], unit: Unit) -> Units:
    """The number of each sample's unit; samples of one unit have one number."""
    names = [document_of(each) if unit == "document" else _excerpt_of(each) for each in samples]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names], dtype=np.intp)


def document_of(sample: Sample) -> str:
    """The document that a question is about; where none is known, the question is by itself."""
    return sample.document_id or sample.path or sample.sample_id


def _excerpt_of(sample: Sample) -> str:
    return " ".join(sample.chunk_ids) or sample.context
