"""Says what an evaluation could not answer or score, and what can be done about it."""

from collections import Counter
from collections.abc import Iterator

from engine.files.records import read_records
from engine.run_folder import RunFolder
from jobs.evaluation.read_evaluation import ANSWERS, Evaluation, current_answer_ids
from schemas.dataset import Rejection
from schemas.settings import RunSettings

SHOWN_PROBLEMS = 3

ADVICE = (
    "--retry-failed asks again what failed; a judge that knows no JSON schema wants "
    "--set evaluation.judge_output=json_object"
)


def describe_problems(
    folder: RunFolder, settings: RunSettings, evaluation: Evaluation
) -> Iterator[str]:
    """One line for each of the most frequent problems of current answers and scores."""
    problems = Counter(
        f"not scored, {score.metric}: {score.problem}"
        for score in evaluation.scores
        if score.value is None
    )
    current = frozenset(current_answer_ids(evaluation.samples, folder, settings))
    problems.update(
        f"not answered: {rejection.reason}: {rejection.detail}"
        for rejection in read_records(folder.rejected_path, Rejection)
        if rejection.stage == ANSWERS and rejection.item_id in current
    )
    for problem, count in problems.most_common(SHOWN_PROBLEMS):
        yield f"{count:,} {problem}"
    if problems:
        yield ADVICE
