from pathlib import Path

import pytest

from engine.files.records import encode_record
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from jobs.comparison.judges import describe_agreement, read_judge_agreements
from jobs.evaluation.read_evaluation import Evaluation
from schemas.evaluation import Score
from tests.unit.jobs.comparison.evaluations import JUDGE, evaluation_of

OWN = [0.0, 0.5, 1.0, 0.5]


def other_scores(values: list[float | None], judge: str = "other-judge") -> list[Score]:
    """Scores of the same answers by another judge, in one metric."""
    of = evaluation_of({"tuned": values}, judge=judge)
    return [
        each.model_copy(update={"score_id": f"{judge}-{each.score_id}-{values}"})
        for each in of.scores
        if each.metric == "faithfulness"
    ]


def run_with(tmp_path: Path, *scores: Score) -> tuple[RunFolder, Evaluation]:
    folder = RunFolder(tmp_path / "run")
    folder.create()
    evaluation = evaluation_of({"tuned": OWN})
    path = folder.results_path("evaluation/scores")
    replace_file(path, map(encode_record, (*evaluation.scores, *scores)))
    return folder, evaluation


def test_another_judge_of_the_same_answers_is_compared_with_this_one(tmp_path: Path) -> None:
    folder, evaluation = run_with(tmp_path, *other_scores([0.2, 0.7, 1.0, None]))

    (agreement,) = read_judge_agreements(folder, evaluation)

    assert (agreement.judge, agreement.other) == (JUDGE, "other-judge")
    assert (agreement.metric, agreement.answer_count) == ("faithfulness", 3)
    assert agreement.mean_difference == pytest.approx(0.4 / 3)
    assert agreement.correlation == pytest.approx(0.9897, abs=1e-4)
    assert describe_agreement(agreement) == (
        "judges, faithfulness: other-judge beside judge-model: correlation 0.99, "
        "+0.133 on average, 33% the same, n=3"
    )


def test_score_that_was_made_anew_counts_as_it_is_now(tmp_path: Path) -> None:
    former, now = other_scores([1.0, 1.0, 1.0, 1.0]), other_scores(list(OWN))
    folder, evaluation = run_with(tmp_path, *former, *now)

    (agreement,) = read_judge_agreements(folder, evaluation)

    assert agreement.mean_difference == 0.0
    assert agreement.correlation == pytest.approx(1.0)


def test_where_all_are_scored_alike_no_correlation_is_told(tmp_path: Path) -> None:
    folder, evaluation = run_with(tmp_path, *other_scores([1.0, 1.0, 1.0, 1.0]))

    (agreement,) = read_judge_agreements(folder, evaluation)

    assert agreement.correlation is None
    assert agreement.same_share == 0.25
    assert "no correlation can be told" in describe_agreement(agreement)
    assert "25% the same" in describe_agreement(agreement)


def test_scores_of_this_judge_by_another_scorer_or_of_other_answers_are_no_second_opinion(
    tmp_path: Path,
) -> None:
    by_steps = [each.model_copy(update={"ragas_version": ""}) for each in other_scores(list(OWN))]
    elsewhere = [
        each.model_copy(update={"answer_id": f"former-{each.answer_id}"})
        for each in other_scores(list(OWN))
    ]
    folder, evaluation = run_with(tmp_path, *by_steps, *elsewhere, *other_scores([1.0], JUDGE))

    assert read_judge_agreements(folder, evaluation) == ()
