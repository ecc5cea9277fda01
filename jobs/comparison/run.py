"""The comparison of a run: read from its evaluation, and kept beside it."""

from typing import NamedTuple

from engine.errors import ConfigError
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from jobs.comparison.answering import read_answering_costs, read_student_notes
from jobs.comparison.judges import read_judge_agreements
from jobs.comparison.labels import labels_path, read_labels
from jobs.comparison.models import compare_models
from jobs.documents.whole_corpus.check_held_out import read_leaked_share
from jobs.evaluation.read_evaluation import Evaluation, read_evaluation
from schemas.comparison import Comparison
from schemas.settings import RunSettings


class ComparedRun(NamedTuple):
    """An evaluation and its comparison."""

    evaluation: Evaluation
    comparison: Comparison


def compare_run(folder: RunFolder, settings: RunSettings) -> ComparedRun | None:
    """The comparison under these settings; None if no model has answered a question yet.

    Raises:
        DamagedLogError: a line of the evaluation is damaged.
    """
    evaluation = read_evaluation(folder, settings)
    if not evaluation.answers:
        return None
    comparison = compare_models(
        evaluation,
        is_demo_grade=settings.teacher.is_local,
        leaked_share=read_leaked_share(folder),
        labels=read_labels(labels_path(folder)),
    )
    told = {
        "costs": read_answering_costs(folder, evaluation),
        "judge_agreements": read_judge_agreements(folder, evaluation),
        "student_notes": read_student_notes(folder, evaluation),
    }
    return ComparedRun(evaluation, comparison.model_copy(update=told))


def require_comparison(folder: RunFolder, settings: RunSettings) -> ComparedRun:
    """The same, also written to evaluation/comparison.json.

    Raises:
        ConfigError: no model has answered a question yet.
        DamagedLogError: a line of the evaluation is damaged.
        StorageError: the disk refused the file.
    """
    compared = compare_run(folder, settings)
    if compared is None:
        raise ConfigError(
            f"{folder.run_dir}: there are no answers to compare under these settings; run "
            f"`distill evaluate {folder.run_dir}` first"
        )
    text = compared.comparison.model_dump_json(indent=1).encode()
    replace_file(folder.evaluation_dir / "comparison.json", text.split(b"\n"))
    return compared
