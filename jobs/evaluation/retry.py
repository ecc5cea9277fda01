"""Lets what failed for good in an evaluation be asked again."""

from collections.abc import Container

from engine.files.records import encode_record, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stage import FinishedItem
from jobs.evaluation.new_questions import NEW_QUESTIONS
from jobs.evaluation.read_evaluation import ANSWERS, SCORES
from jobs.run.retry import EVALUATION, find_failures, move_failures
from schemas.dataset import Rejection
from schemas.evaluation import Score


def retry_evaluation(folder: RunFolder) -> int:
    """Forget answers and scores that did not come about; returns how many requests had failed.

    Their items are done again, from the journal where requests are settled. What was answered and
    scored stays as it is.
    """
    failed_ids = find_failures(folder, lambda purpose: purpose.startswith(EVALUATION))
    if failed_ids:
        for stage in (NEW_QUESTIONS, ANSWERS):
            _forget_rejected(folder, stage)
        _forget_unscored(folder)
        move_failures(folder, failed_ids)
    return len(failed_ids)


def _forget_rejected(folder: RunFolder, stage: str) -> None:
    rejected = list(read_records(folder.rejected_path, Rejection))
    _unfinish(folder, stage, {each.item_id for each in rejected if each.stage == stage})
    kept = (each for each in rejected if each.stage != stage)
    replace_file(folder.rejected_path, map(encode_record, kept))


def _forget_unscored(folder: RunFolder) -> None:
    path = folder.results_path(SCORES)
    unscored = {score.score_id for score in read_records(path, Score) if score.value is None}
    _unfinish(folder, SCORES, unscored)
    kept = read_records(path, Score, is_wanted=lambda item_id: item_id not in unscored)
    replace_file(path, map(encode_record, kept))


def _unfinish(folder: RunFolder, stage: str, item_ids: Container[str]) -> None:
    path = folder.finished_path(stage)
    kept = read_records(path, FinishedItem, is_wanted=lambda item_id: item_id not in item_ids)
    replace_file(path, map(encode_record, kept))
