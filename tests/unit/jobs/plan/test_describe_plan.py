"""A plan in words, and compared with what came of it."""

from jobs.plan.describe_plan import describe_outcome, describe_plan
from schemas.plan import Amount, LaneTime, Plan, PlannedTraining, StagePlan

USD = Amount(value=2.0, low=1.5, high=2.5)
SOME = Amount(value=100.0, low=90.0, high=110.0)
NONE = Amount(value=0.0, low=0.0, high=0.0)


def plan(*, left: int = 80, asked_usd: float | None = 0.5, usd: Amount | None = USD) -> Plan:
    amount = SOME if left else NONE
    if usd is not None and usd.value is None:
        amount = Amount(value=None, low=None, high=110.0)
    stage = StagePlan(
        stage="questions",
        requests=amount,
        prompt_tokens=amount,
        completion_tokens=amount,
        usd=usd,
    )
    return Plan(
        planned_at="2026-11-25T00:00:00+00:00",
        model="m",
        chunks=100,
        sampled_chunks=100 - left,
        left_chunks=left,
        asked_usd=asked_usd,
        stages=(stage,),
        usd=usd,
        batch_share=0.5,
        flex_share=0.25,
        live_s=250.0,
    )


def cells(text: str, label: str) -> list[str]:
    """What stands in the row of a label, beside it."""
    row = next(line for line in text.splitlines() if line.startswith(label))
    return row.removeprefix(label).split()


def test_expected_amounts_have_their_range_each_way() -> None:
    text = describe_plan(plan())

    assert "100: 20 asked about, 80 to go" in text
    assert cells(text, "questions") == ["100", "100", "100", "$2.00"]
    assert cells(text, "dollars") == ["live", "flex", "batch", "auto"]
    assert cells(text, "dataset") == ["$2.00", "$0.5000", "$1.00", "$0.5000"]
    assert "$1.50-$2.50" in text
    assert max(map(len, text.splitlines())) <= 80


def test_evaluation_and_training_are_part_of_the_plan() -> None:
    scores = StagePlan(
        stage="evaluation/scores",
        requests=SOME,
        prompt_tokens=SOME,
        completion_tokens=SOME,
        usd=USD,
    )
    tuning = PlannedTraining(rows=300, tokens=90_000, usd=1.5)
    planned = plan(left=0, usd=NONE)

    text = describe_plan(planned.model_copy(update={"evaluation": (scores,), "tuning": tuning}))

    assert "nothing is left to ask for the dataset" in text
    assert cells(text, "scores") == ["100", "100", "100", "$2.00"]
    assert cells(text, "evaluation") == ["$2.00", "$0.5000", "$1.00", "$0.5000"]
    assert "training         300 rows, 90,000 tokens, $1.50" in text
    assert "time: the host's queue and speed; it tells them once the job runs" in text


def test_times_are_ranges_with_what_they_come_from_or_the_most() -> None:
    times = (
        LaneTime(way="live", low_s=240.0, high_s=241.0, source="500 requests a minute, as set"),
        LaneTime(way="flex", low_s=240.0, high_s=14_400.0, source="by replies so far; " * 5),
        LaneTime(way="batch", low_s=None, high_s=172_800.0, source="2 rounds"),
    )

    text = describe_plan(plan().model_copy(update={"times": times}))

    assert cells(text, "time") == ["live", "flex", "batch", "auto"]
    row = next(line for line in text.splitlines() if line.startswith("dataset") and "min" in line)
    assert row.split() == ["dataset", "4.0", "min", "4.0", "min-4.0", "h", "<=", "48", "h", "-"]
    assert "live: 500 requests a minute, as set" in text
    assert max(map(len, text.splitlines())) <= 80


def test_amount_without_a_sample_is_the_most_and_says_how_to_know_more() -> None:
    text = describe_plan(plan(usd=Amount(value=None, low=None, high=9.0)))

    assert cells(text, "questions")[:2] == ["<=", "110"]
    assert cells(text, "dataset")[:2] == ["<=", "$9.00"]
    assert "--sample 20" in text


def test_unknown_price_is_told() -> None:
    assert "no price known" in describe_plan(plan(usd=None, asked_usd=None))


def test_plan_of_a_run_that_is_done_says_so() -> None:
    assert "nothing is left to ask" in describe_plan(plan(left=0, usd=NONE))


def test_outcome_is_compared_with_the_plan() -> None:
    said = describe_outcome(plan(), plan(left=0, asked_usd=2.25, usd=NONE))

    assert said is not None
    assert "$2.50 ($2.00 to $3.00) in all at live prices on 2026-11-25" in said
    assert "it came to $2.25 (-10.0%)" in said


def test_nothing_is_compared_before_all_is_done() -> None:
    assert describe_outcome(plan(), plan(left=10)) is None


def test_time_of_a_training_here_is_told_once_one_was_made() -> None:
    first = PlannedTraining(trainer="local", rows=300, tokens=90_000, usd=0.0)

    texts = [
        describe_plan(plan().model_copy(update={"tuning": each}))
        for each in (first, first.model_copy(update={"seconds": 1200.0}))
    ]

    assert "300 rows, 90,000 tokens, no dollars" in texts[0]
    assert "time: on this machine, known once a student was trained here" in texts[0]
    assert "time: about 20 min on this machine, as before" in texts[1]


def test_live_time_is_told_by_stage_where_it_is_known() -> None:
    (stage,) = plan().stages
    known = stage.model_copy(update={"live_s": 90.0})
    times = (LaneTime(way="live", low_s=80.0, high_s=100.0, source="as set"),)

    text = describe_plan(plan().model_copy(update={"stages": (known, stage), "times": times}))

    assert text.splitlines()[-1].strip() == "live, by stage: questions 1.5 min"
