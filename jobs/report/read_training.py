"""How the fine-tuning of the student went."""

from typing import NamedTuple

from engine.files.records import read_records
from engine.run_folder import RunFolder
from schemas.finetuning import TrainingMetric, TuningEvent


class Training(NamedTuple):
    """The last fine-tuning job: where it stands, and its curve so far (empty: none known)."""

    last: TuningEvent
    curve: tuple[TrainingMetric, ...]


def read_training(folder: RunFolder) -> Training | None:
    """The run's last job; None if there is none.

    Raises:
        DamagedLogError: a file is damaged.
    """
    last: TuningEvent | None = None
    for event in read_records(folder.run_dir / "finetuning.jsonl", TuningEvent):
        last = event
    if last is None:
        return None
    path = folder.run_dir / "finetuning_metrics.jsonl"
    curve = [m for m in read_records(path, TrainingMetric) if m.job_id == last.job_id]
    return Training(last, tuple(sorted(curve, key=lambda metric: metric.step)))
