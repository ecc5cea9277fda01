"""The answers of all contenders to one question, with their scores."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from jobs.comparison.refusals import find_refusals
from jobs.evaluation.read_evaluation import Evaluation
from schemas.comparison import Contender
from schemas.evaluation import Metric, ModelAnswer, Sample, Score


class ScoredAnswer(NamedTuple):
    """An answer, its score in each metric in which there is one, and whether it is a refusal."""

    answer: ModelAnswer
    scores: dict[Metric, Score]
    is_refusal: bool | None  # None: it cannot be told


class SideBySide(NamedTuple):
    """A question and the answers to it, in the order of the contenders; None: not asked."""

    sample: Sample
    answers: tuple[ScoredAnswer | None, ...]


def put_side_by_side(
    evaluation: Evaluation, contenders: Sequence[Contender]
) -> Iterator[SideBySide]:
    """One entry a question, in the order of their ids."""
    scores_of: defaultdict[str, dict[Metric, Score]] = defaultdict(dict)
    for score in evaluation.scores:
        scores_of[score.answer_id][score.metric] = score
    refusals = find_refusals(evaluation)
    answer_of = {(a.sample_id, a.role, a.mode): a for a in evaluation.answers}
    for sample in sorted(evaluation.samples, key=lambda sample: sample.sample_id):
        answers = (answer_of.get((sample.sample_id, c.role, c.mode)) for c in contenders)
        scored = (
            ScoredAnswer(a, scores_of[a.answer_id], refusals[a.answer_id]) if a else None
            for a in answers
        )
        yield SideBySide(sample, tuple(scored))
