"""The first sentences of a report: no more is said than the numbers allow."""

from array import array
from collections import Counter

from jobs.comparison.models import compare_models
from jobs.comparison.run import ComparedRun
from jobs.evaluation.read_evaluation import Evaluation
from jobs.report.read_report import DatasetShape, Examples, Made, Report
from jobs.report.verdict import describe_funnel, describe_verdict
from schemas.comparison import AnsweringCost
from schemas.settings import RunSettings
from schemas.summary import RunState, RunSummary, StageSummary
from tests.unit.jobs.comparison.evaluations import Values, evaluation_of, random_evaluation

COMPLETE = RunState(
    name="complete",
    command="run",
    since=None,
    message="",
    stage=None,
    stage_number=10,
    stage_count=10,
)


def summary(stages: dict[str, StageSummary] | None = None, **rows: int) -> RunSummary:
    return RunSummary(
        run_dir="run",
        run_id="1",
        state=COMPLETE,
        usable_chunks=0,
        limit_chunks=None,
        estimated_usd=0.0,
        budget_usd=None,
        remaining=None,
        scores=(),
        model="m",
        is_demo_grade=False,
        documents=12,
        stages=stages or {},
        requests={},
        rows={f"{name}.jsonl": count for name, count in rows.items()},
        held_out_check=None,
        coverage=None,
        batches=None,
        cost_usd=3.1,
        lost_usd=0.0,
        writer=None,
        stats=None,
    )


def report(evaluation: Evaluation | None = None, found: RunSummary | None = None) -> Report:
    compared = (
        ComparedRun(evaluation, compare_models(evaluation, is_demo_grade=False))
        if evaluation
        else None
    )
    return Report(
        name="run",
        settings=RunSettings(),
        summary=found or summary(),
        shape=DatasetShape(Counter(), Counter({"a": 1, "b": 2}), array("q"), array("q")),
        spending=[],
        training=None,
        compared=compared,
        made=Made("", "", {}, {}),
        examples=Examples([], []),
    )


def test_clear_gain_is_said_with_its_interval_its_share_and_what_it_rests_on() -> None:
    text = describe_verdict(report(random_evaluation(60)))

    assert text.startswith("The tuned model answers better than the baseline (faithfulness +0.")
    assert "of the teacher's lead" in text
    assert "This rests on 60 questions about 30 documents" in text
    assert "Nobody has checked the judge yet" in text


def test_documents_that_can_show_no_difference_are_called_too_few() -> None:
    answers: Values = {"baseline": [0.0, 1.0, 0.5], "tuned": [1.0, 0.0, 0.5]}

    text = describe_verdict(report(evaluation_of(answers, document_count=2)))

    assert "3 questions about 2 documents, too few to show any difference; " in text


def test_price_of_an_answer_stands_beside_the_teachers() -> None:
    made = report(random_evaluation(20))
    assert made.compared is not None
    comparison = made.compared.comparison
    costs = tuple(
        AnsweringCost(
            contender=contender,
            answer_count=20,
            usd_per_1000=usd,
            latency_p50_s=None,
            latency_p95_s=None,
            tokens_per_s=None,
            prompt_tokens=300.0,
            completion_tokens=20.0,
        )
        for contender, usd in zip(comparison.contenders, (0.1, 0.25, 3.5), strict=True)
    )
    compared = made.compared._replace(comparison=comparison.model_copy(update={"costs": costs}))

    text = describe_verdict(made._replace(compared=compared))

    assert "A thousand of its answers cost $0.25, of the teacher's $3.50." in text


def test_gain_that_may_be_nothing_is_not_called_one() -> None:
    values = [0.4, 0.6] * 20
    text = describe_verdict(
        report(evaluation_of({"baseline": values, "tuned": values[::-1]}, document_count=20))
    )

    assert text.startswith("It cannot be told whether the tuned model answers better")


def test_loss_is_called_a_loss() -> None:
    worse: Values = {"baseline": [0.8, 0.82] * 20, "tuned": [0.5, 0.53] * 20}

    text = describe_verdict(report(evaluation_of(worse, document_count=20)))

    assert text.startswith("The tuned model answers worse than the baseline")


def test_run_without_an_evaluation_says_what_it_made() -> None:
    assert describe_verdict(report(found=summary(train=700, validation=61, held_out=103))) == (
        "761 rows from 2 documents for $3.10. No model has been evaluated yet."
    )
    assert describe_verdict(report()).startswith("No row has been written yet; 12 documents")


def stage(results: int, **dropped: int) -> StageSummary:
    return StageSummary(
        finished=results + sum(dropped.values()), results=results, dropped=dict(dropped)
    )


def test_funnel_explains_what_its_numbers_do_not() -> None:
    stages = {
        "questions": stage(900),
        "kept_questions": stage(864, near_duplicate=36),
        "answers": stage(749, too_short=12),
    }

    sentences = describe_funnel(summary(stages, train=700, validation=49, held_out=103))

    assert sentences == [
        "900 questions → 864: 36 repeat others.",
        "864 → 749 answers: 103 held out for the evaluation, 12 dropped.",
    ]
