"""The state of a run in words."""

from datetime import timedelta

from engine.testing.clocks import EPOCH
from jobs.show.describe import describe_run
from schemas.summary import (
    BatchesSummary,
    OpenBatch,
    Remaining,
    RequestSummary,
    RunState,
    RunSummary,
    ScoreSummary,
    StageSummary,
)

STATE = RunState(
    name="running",
    command="run",
    since=EPOCH.isoformat(),
    message="",
    stage="answers",
    stage_number=9,
    stage_count=10,
)
SUMMARY = RunSummary(
    run_dir="RUN",
    run_id="r",
    state=STATE,
    model="m",
    is_demo_grade=False,
    documents=3,
    usable_chunks=457,
    limit_chunks=20,
    stages={
        "questions": StageSummary(total=20, finished=20, results=60, dropped={}),
        "answers": StageSummary(total=761, finished=54, results=54, dropped={}),
    },
    requests={},
    rows={"train.jsonl": 0},
    held_out_check=None,
    coverage=None,
    batches=None,
    cost_usd=0.5,
    estimated_usd=0.05,
    lost_usd=0.05,
    budget_usd=2.0,
    remaining=Remaining(requests=707, per_s=2.0, seconds=354),
    scores=(),
    writer="process 1 on here",
    stats={"settled_per_s": 1.98765, "in_flight": 4},
)


def told(**changes: object) -> str:
    summary = SUMMARY.model_copy(update=changes)
    return describe_run(summary, now=EPOCH + timedelta(minutes=5))


def state(**changes: object) -> RunState:
    return STATE.model_copy(update=changes)


def test_running_run_says_how_far_it_is_of_what_is_to_do() -> None:
    text = told()

    assert "running: distill run, begun 5 min ago (2026-11-25 00:00 UTC)" in text
    assert "9 of 10: answers, 54 of 761 done (7%)" in text
    assert "54 of 761 questions done; 54 of 54 kept" in text
    assert "about 20 of 457 chunks (limit_chunks = 20)" in text
    assert "about 707 requests, 5 min 54 s at the present 2 a second" in text
    assert "settled_per_s 1.99, in_flight 4" in text


def test_what_is_only_noted_of_chunks_is_no_drop() -> None:
    dropped = {"masked": 2, "too_short": 1, "unread_pages": 1}
    chunks = StageSummary(total=3, finished=3, results=7, dropped=dropped)

    text = told(stages={"chunks": chunks})

    assert "7 of 8 kept; 1 dropped: too_short 1; noted: masked 2, unread_pages 1" in text


def test_cost_is_told_with_the_budget_and_its_estimated_share() -> None:
    assert "$0.5000 of a budget of $2.00 (25%); of it estimated (10%)" in told()
    assert "budget" not in told(budget_usd=None)
    assert "estimated" not in told(estimated_usd=0.0, lost_usd=0.0)


def test_failed_run_says_why_and_a_complete_one_nothing() -> None:
    failed = told(state=state(name="failed", message="the key is revoked"))
    complete = told(state=state(name="complete", stage=None), remaining=None)

    assert "ended by an error: distill run, ended 5 min ago" in failed
    assert "last error       the key is revoked" in failed
    assert "at stage" not in complete
    assert "left" not in complete


def test_batches_that_are_out_are_told_with_age_and_expiry() -> None:
    batch = OpenBatch(
        batch="000001",
        batch_id="batch_x",
        state="in_progress",
        request_count=900,
        answered_count=45,
        made_at=(EPOCH - timedelta(hours=7)).isoformat(),
        expires_at=(EPOCH + timedelta(hours=17)).isoformat(),
    )
    batches = BatchesSummary(
        out=7, requests_out=6300, collected=1, wasted_usd=0.0, open=(batch,) * 7
    )

    text = told(state=state(name="waiting"), batches=batches)

    assert "000001 in_progress: 45 of 900 answered, 7 h 5 min old, expires in 16 h 55 min" in text
    assert "and 2 more: `distill batches RUN` shows them" in text


def test_models_are_told_with_their_scores_on_one_line_each() -> None:
    scores = tuple(
        ScoreSummary(
            contender=name, model="m", metric=metric, n=9, value=0.876, low=None, high=None
        )
        for name in ("tuned open-book", "teacher open-book")
        for metric in ("faithfulness", "answer_relevancy")
    )

    text = told(scores=scores)

    assert "scores           tuned open-book (m): faithfulness 0.88, answer_relevancy 0.88" in text
    assert text.count("faithfulness") == 2


def test_costs_stand_in_the_order_of_their_stages() -> None:
    spent = RequestSummary(
        completed=1,
        failed=0,
        prompt_tokens=1,
        cached_tokens=0,
        completion_tokens=1,
        cost_usd=0.1,
    )

    text = told(requests={"judge": spent, "answers": spent, "questions": spent})
    labels = [line.split()[0] for line in text.splitlines() if "tokens in" in line]

    assert labels == ["questions", "answers", "judge"]
