"""What people said of answers, and the strata that answers to be labelled are drawn from."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from engine.files.records import read_records
from engine.run_folder import RunFolder
from jobs.evaluation.read_evaluation import Evaluation
from schemas.evaluation import Metric, Mode, ModelAnswer, Role
from schemas.reviews import Label

LABELLED: tuple[Metric, ...] = ("faithfulness", "correctness")  # what a person can say of an answer

Labels = Mapping[tuple[str, Metric], Label]


class Stratum(NamedTuple):
    """Answers of one contender with which the judge was wholly content, or was not."""

    role: Role
    mode: Mode
    is_content: bool


def labels_path(folder: RunFolder) -> Path:
    """The file of all labels, in the order in which they were given."""
    return folder.run_dir / "labels.jsonl"


def read_labels(path: Path) -> Labels:
    """The last label of each answer and metric.

    Raises:
        DamagedLogError: a line is damaged.
    """
    return {(label.answer_id, label.metric): label for label in read_records(path, Label)}


def judged_values(evaluation: Evaluation) -> Mapping[str, Mapping[Metric, float]]:
    """By answer id: what the judge said of it, in the metrics that people label."""
    values: defaultdict[str, dict[Metric, float]] = defaultdict(dict)
    for score in evaluation.scores:
        if score.metric in LABELLED and score.value is not None:
            values[score.answer_id][score.metric] = score.value
    return values


def stratum_of(answer: ModelAnswer, values: Mapping[Metric, float]) -> Stratum:
    """The stratum of an answer that was scored."""
    return Stratum(answer.role, answer.mode, min(values.values()) == 1.0)
