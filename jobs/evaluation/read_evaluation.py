"""Reads the current evaluation from the files of a run."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple, get_args

from engine.files.records import read_records
from engine.run_folder import RunFolder
from jobs.evaluation.answer_samples import MODEL_ANSWERS
from jobs.evaluation.evaluated_models import answer_id, evaluated_models
from jobs.evaluation.pair_answers import PAIRS
from jobs.evaluation.questions.build_samples import SAMPLES
from jobs.evaluation.score_answers import SCORES
from jobs.evaluation.score_tasks import embedding_model, judge_model
from jobs.settings.roles import judge_of
from schemas.dataset import Rejection
from schemas.evaluation import Metric, Mode, ModelAnswer, PairVerdict, Sample, Score
from schemas.settings import RunSettings


class Evaluation(NamedTuple):
    """Samples as they were built, answers in the order of the file, the last score of each kind.

    `pairs`: the last verdict on each two answers.
    """

    samples: list[Sample]
    answers: list[ModelAnswer]
    scores: list[Score]
    pairs: Sequence[PairVerdict] = ()


def read_evaluation(folder: RunFolder, settings: RunSettings) -> Evaluation:
    """The current samples, answers and scores, in both modes; may be read at any time.

    samples.jsonl holds the questions of the last call. Current are the answers to them by the
    models, prompts and parameters that the settings name, and the scores of these answers by the
    judge and the embedding model that they name. Other lines are of earlier evaluations: they
    stay and count again when the settings come back.

    Raises:
        DamagedLogError: a line is damaged.
    """
    samples = list(read_records(folder.results_path(SAMPLES.name), Sample))
    current = frozenset(current_answer_ids(samples, folder, settings))
    path = folder.results_path(MODEL_ANSWERS.name)
    answers = read_records(path, ModelAnswer, is_wanted=current.__contains__)
    return Evaluation(
        samples,
        list(answers),
        _current_scores(folder, settings, current),
        _current_pairs(folder, settings, current),
    )


def current_answer_ids(
    samples: list[Sample], folder: RunFolder, settings: RunSettings
) -> Iterator[str]:
    """The ids that answers to `samples` have under these settings, in both modes."""
    models = evaluated_models(folder, settings)
    modes: tuple[Mode, ...] = get_args(Mode)
    for sample in samples:
        for role, model in models.items():
            for mode in modes:
                yield answer_id(sample.sample_id, role, model, mode, settings)


def _current_scores(
    folder: RunFolder, settings: RunSettings, answer_ids: frozenset[str]
) -> list[Score]:
    last: dict[tuple[str, Metric], Score] = {}
    for score in read_records(folder.results_path(SCORES.name), Score):
        if score.answer_id in answer_ids and _is_scored_so(score, settings):
            last[score.answer_id, score.metric] = score
    return list(last.values())


def _current_pairs(
    folder: RunFolder, settings: RunSettings, answer_ids: frozenset[str]
) -> tuple[PairVerdict, ...]:
    judge = judge_of(settings).model
    last = {
        (verdict.answer_id, verdict.versus_answer_id): verdict
        for verdict in read_records(folder.results_path(PAIRS.name), PairVerdict)
        if verdict.judge_model == judge
        and {verdict.answer_id, verdict.versus_answer_id} <= answer_ids
    }
    return tuple(last.values())


def _is_scored_so(score: Score, settings: RunSettings) -> bool:
    """Whether a score is by the scorer and the models that the settings name."""
    is_ragas = settings.evaluation.scorer == "ragas"
    return (bool(score.ragas_version), score.judge_model, score.embedding_model) == (
        is_ragas,
        judge_model(score.metric, settings),
        embedding_model(score.metric, settings),
    )


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
        if rejection.stage == MODEL_ANSWERS.name and rejection.item_id in current
    )
    for problem, count in problems.most_common(SHOWN_PROBLEMS):
        yield f"{count:,} {problem}"
    if problems:
        yield ADVICE
