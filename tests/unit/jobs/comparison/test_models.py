"""What a comparison says, and what it refuses to say."""

from functools import cache

import pytest

from jobs.comparison.models import compare_models
from jobs.comparison.shown.table import describe_comparison
from jobs.evaluation.judging.judge_prompts import prompt_hash
from jobs.evaluation.judging.metrics import PROMPTS
from jobs.evaluation.read_evaluation import Evaluation
from schemas.comparison import Comparison, Difference, GroupComparison
from tests.unit.jobs.comparison.evaluations import (
    JUDGE,
    Values,
    answer,
    evaluation_of,
    random_evaluation,
    sample,
)


def compare(evaluation: Evaluation) -> Comparison:
    return compare_models(evaluation, is_demo_grade=False)


@cache
def random_comparison() -> Comparison:
    return compare(random_evaluation(40))


def difference(group: GroupComparison, pair: tuple[str, str]) -> Difference:
    return next(d for d in group.differences if (d.contender.role, d.versus.role) == pair)


def joined(evaluations: list[Evaluation]) -> Evaluation:
    first = evaluations[0]
    return Evaluation(
        first.samples,
        [a for evaluation in evaluations for a in evaluation.answers],
        [s for evaluation in evaluations for s in evaluation.scores],
    )


def test_a_missing_score_lowers_n_and_not_the_mean() -> None:
    comparison = compare(evaluation_of({"baseline": [0.4, None, 0.6]}))

    score = comparison.answerable.scores[0]
    assert (score.estimate.n, score.answer_count) == (2, 3)
    assert score.estimate.value == pytest.approx(0.5)


def test_a_difference_uses_only_questions_scored_for_both() -> None:
    comparison = compare(evaluation_of({"baseline": [0.1, 0.9, None], "tuned": [0.2, None, 0.0]}))

    found = difference(comparison.answerable, ("tuned", "baseline"))
    assert found.estimate.n == 1
    assert found.estimate.value == pytest.approx(0.1)


def test_no_difference_can_be_farther_from_0_than_scores_are_apart() -> None:
    answers: Values = {"baseline": [0.0, 1.0, 0.5], "tuned": [1.0, 0.0, 0.5]}
    below_0: Values = {"baseline": [-0.9, 1.0, 0.5], "tuned": [1.0, -0.9, 0.5]}

    comparisons = [compare(evaluation_of(each, document_count=2)) for each in (answers, below_0)]

    found = [difference(each.answerable, ("tuned", "baseline")).estimate for each in comparisons]
    assert [(each.low, each.high) for each in found] == [(-1, 1), (-2, 2)]


def test_questions_are_won_tied_and_lost() -> None:
    comparison = compare(evaluation_of({"baseline": [0.5] * 4, "tuned": [0.6, 0.505, 0.2, 0.495]}))

    found = difference(comparison.answerable, ("tuned", "baseline"))
    assert (found.win_count, found.tie_count, found.loss_count) == (1, 2, 1)


def test_half_of_a_clear_lead_is_a_share_of_one_half() -> None:
    comparison = compare(
        evaluation_of(
            {"baseline": [0.2, 0.3] * 20, "tuned": [0.4, 0.5] * 20, "teacher": [0.6, 0.7] * 20},
            document_count=20,
        )
    )

    gap = comparison.answerable.gaps[0]
    assert gap.lead.value == pytest.approx(0.4)
    assert (gap.share.value, gap.share.low) == pytest.approx((0.5, 0.5))


def test_no_share_is_given_of_a_lead_that_may_be_nothing() -> None:
    comparison = compare(
        evaluation_of({"baseline": [0.2, 0.8], "tuned": [0.9, 0.9], "teacher": [0.8, 0.3]})
    )

    gap = comparison.answerable.gaps[0]
    assert gap.share.value is None
    assert "the lead is not clear of 0" in describe_comparison(comparison)


def test_a_right_refusal_is_counted_apart_and_not_scored() -> None:
    answerable, unanswerable = sample(0), sample(1, slice_="unanswerable")
    evaluation = Evaluation(
        [answerable, unanswerable],
        [
            answer(answerable, "tuned", is_refusal=True),
            answer(unanswerable, "tuned", is_refusal=True),
        ],
        [],
    )

    comparison = compare(evaluation)

    assert comparison.answerable.sample_count == 1
    assert [group.name for group in comparison.slices] == ["held_out_document", "unanswerable"]
    assert comparison.slices[1].scores == ()
    assert "rightly refused: tuned open-book 1 of 1" in describe_comparison(comparison)


def test_slices_and_documents_are_compared_apart() -> None:
    comparison = compare(
        evaluation_of(
            {"baseline": [0.5, 0.5], "tuned": [0.9, 0.1]},
            slices=("held_out_document", "new_question"),
        )
    )

    by_slice = {group.name: group.differences[0].win_count for group in comparison.slices}
    by_document = {group.name: group.differences[0].win_count for group in comparison.documents}
    assert by_slice == {"held_out_document": 1, "new_question": 0}
    assert by_document == {"0.md": 1, "1.md": 0}


def test_a_model_with_and_without_the_source_is_compared_with_itself() -> None:
    evaluation = joined(
        [
            evaluation_of({"baseline": [0.8] * 30}, mode="open", document_count=30),
            evaluation_of({"baseline": [0.3] * 30}, mode="closed", document_count=30),
        ]
    )

    comparison = compare(evaluation)

    found = comparison.answerable.differences[0]
    assert (found.contender.mode, found.versus.mode) == ("open", "closed")
    assert found.estimate.value == pytest.approx(0.5)
    assert comparison.warnings == ()


def test_the_order_of_lines_in_the_files_does_not_matter() -> None:
    evaluation = random_evaluation(40)
    reversed_ = Evaluation(
        evaluation.samples[::-1], evaluation.answers[::-1], evaluation.scores[::-1]
    )

    assert compare(reversed_) == random_comparison()


def test_a_judge_of_its_own_answers_is_named() -> None:
    values: Values = {"baseline": [0.2] * 30, "teacher": [0.5] * 30}

    own, other = (
        compare(evaluation_of(values, judge=judge, document_count=30)).warnings
        for judge in ("teacher-model", JUDGE)
    )

    assert [warning for warning in own if "is also the teacher" in warning]
    assert other == ()


def test_scores_under_other_instructions_of_the_judge_are_named() -> None:
    evaluation = evaluation_of({"baseline": [0.5] * 30}, document_count=30)
    present = {"faithfulness": prompt_hash(*PROMPTS["faithfulness"])}
    now, then = (
        [
            score.model_copy(update={"prompt_hash": hashed})
            for score in evaluation.scores
            if score.metric in present
        ]
        for hashed in (present["faithfulness"], "another")
    )

    assert compare(evaluation._replace(scores=now)).warnings == ()
    (warning,) = compare(evaluation._replace(scores=then)).warnings
    assert "instructions have changed" in warning
    assert "(faithfulness)" in warning


def test_coverage_that_differs_is_named() -> None:
    comparison = compare(evaluation_of({"baseline": [0.5] * 40, "tuned": [0.9] * 36 + [None] * 4}))

    assert any("tuned open-book 36 of 40" in warning for warning in comparison.warnings)


def test_too_few_documents_are_named_with_how_many_it_would_take() -> None:
    tuned = [0.62, 0.42, 0.72, 0.5, 0.55, 0.45] * 5

    comparison = compare(evaluation_of({"baseline": [0.5] * 30, "tuned": tuned}, document_count=20))

    found = difference(comparison.answerable, ("tuned", "baseline"))
    assert found.power is not None
    needed = found.power.documents_for_this
    assert needed is not None
    assert any(f"would take about {needed:,} documents" in each for each in comparison.warnings)
    times = needed // 20 + 1
    more = evaluation_of(
        {"baseline": [0.5] * 30 * times, "tuned": tuned * times}, document_count=20 * times
    )
    low = difference(compare(more).answerable, ("tuned", "baseline")).estimate.low
    assert low is not None
    assert low > 0


def test_one_document_has_intervals_by_excerpt_and_says_so() -> None:
    evaluation = evaluation_of({"baseline": [0.2, 0.4, 0.6]}, document_count=1)

    comparison = compare(evaluation)

    assert comparison.unit == "excerpt"
    assert comparison.answerable.scores[0].estimate.document_count == 3
    assert any("hold for other questions about this document" in w for w in comparison.warnings)


def test_questions_and_documents_stand_beside_every_figure() -> None:
    text = describe_comparison(random_comparison())

    assert text.count("n=40/20") == 3 * 2 + 3 * 2 + 2
    assert "n: questions/documents" in text
    assert "20 documents show a difference of" in text


def test_a_difference_that_no_scores_can_have_is_not_called_shown() -> None:
    evaluation = evaluation_of(
        {"baseline": [0.0, 1.0, 0.5], "tuned": [1.0, 0.0, 0.5]}, document_count=2
    )

    text = describe_comparison(compare(evaluation))

    assert "2 documents are too few to show any difference; " in text


def test_scores_of_the_local_model_are_called_noise() -> None:
    comparison = compare_models(random_evaluation(40), is_demo_grade=True)

    assert "noise" in comparison.warnings[0]


def test_the_table_has_a_line_a_model_with_intervals_and_n() -> None:
    text = describe_comparison(random_comparison())

    lines = text.splitlines()
    assert [cell.strip() for cell in lines[0].split("|")] == [
        "Model",
        "Answer relevancy",
        "Faithfulness",
    ]
    assert lines[2].startswith("tuned open-book: tuned-model ")
    assert lines[2].endswith("] n=40/20")
