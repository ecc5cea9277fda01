"""Side by side, in the comparison."""

import pytest

from jobs.comparison.models import compare_models
from jobs.comparison.shown.table import describe_comparison
from jobs.evaluation.read_evaluation import Evaluation
from schemas.evaluation import ModelAnswer, PairOutcome, PairVerdict
from tests.unit.jobs.comparison.evaluations import evaluation_of


def verdict(
    of: ModelAnswer, outcome: PairOutcome | None, *, is_consistent: bool = True
) -> PairVerdict:
    return PairVerdict(
        pair_id=of.answer_id,
        sample_id=of.sample_id,
        mode="open",
        role="tuned",
        versus="baseline",
        answer_id=of.answer_id,
        versus_answer_id=f"baseline-open-{of.sample_id}",
        outcome=outcome,
        is_consistent=is_consistent,
        reasons=(),
        problem="",
        judge_model="j",
        prompt_hash="",
    )


def made() -> Evaluation:
    return evaluation_of({"baseline": [0.5] * 24, "tuned": [0.5] * 24}, document_count=12)


def test_wins_ties_and_losses_are_counted_with_an_interval_by_document() -> None:
    evaluation = made()
    tuned = [answer for answer in evaluation.answers if answer.role == "tuned"]
    counts: dict[PairOutcome | None, int] = {"win": 12, "tie": 6, "loss": 4, None: 2}
    outcomes = [outcome for outcome, count in counts.items() for _ in range(count)]
    pairs = [
        verdict(answer, outcome, is_consistent=outcome != "tie")
        for answer, outcome in zip(tuned, outcomes, strict=True)
    ]

    comparison = compare_models(evaluation._replace(pairs=pairs), is_demo_grade=False)

    (pair,) = comparison.pairs
    assert (pair.win_count, pair.tie_count, pair.loss_count) == (12, 6, 4)
    assert (pair.inconsistent_count, pair.failed_count) == (6, 2)
    assert (pair.preference.n, pair.preference.document_count) == (22, 12)
    assert pair.preference.value == pytest.approx((12 + 3) / 22)
    assert pair.preference.low is not None
    assert "side by side, tuned - baseline, open book: preferred 68%" in describe_comparison(
        comparison
    )
