"""All that a report tells, read from the files of a run."""

from typing import NamedTuple

from engine.run_folder import RunFolder
from jobs.comparison.run import ComparedRun, compare_run
from jobs.report.read_dataset_shape import DatasetShape, read_dataset_shape
from jobs.report.read_spending import Spending, read_spending
from jobs.report.read_training import Training, read_training
from jobs.show.summarize import summarize_run
from schemas.settings import RunSettings
from schemas.summary import RunSummary


class Report(NamedTuple):
    """A run in full; what it has not come to yet is None or empty."""

    name: str
    settings: RunSettings
    summary: RunSummary
    shape: DatasetShape
    spending: list[Spending]
    training: Training | None
    compared: ComparedRun | None


def read_report(folder: RunFolder, settings: RunSettings) -> Report:
    """The run as it is now; may be read at any time, writes nothing.

    Raises:
        DamagedLogError: a file of the run is damaged.
    """
    return Report(
        name=folder.run_dir.resolve().name,
        settings=settings,
        summary=summarize_run(folder),
        shape=read_dataset_shape(folder),
        spending=read_spending(folder),
        training=read_training(folder),
        compared=compare_run(folder, settings),
    )
