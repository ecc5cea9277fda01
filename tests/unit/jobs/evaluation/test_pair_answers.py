"""Two answers side by side: without names, in both orders, and what fails is a row."""

import asyncio

import orjson

from engine.testing.calls import completed, failed
from jobs.evaluation.pair_answers import PairTask, judge_pair, pair_tasks
from jobs.evaluation.score_answers import judge_policy
from schemas.evaluation import ModelAnswer, PairVerdict, Role, Sample
from schemas.outcomes import Outcome
from schemas.requests import Request
from tests.rows import each_row
from tests.unit.jobs.evaluation.made_run import MODEL_ANSWER, make_settings

SETTINGS = make_settings()
SAMPLE = Sample(sample_id="s", slice="imported", question="How hot?", context="It is hot.")


def answer(role: Role, text: str) -> ModelAnswer:
    return MODEL_ANSWER.model_copy(
        update={"answer_id": f"{role} {text}", "role": role, "model": f"{role}-model", "text": text}
    )


def one_task(tuned: str = "Hot.", baseline: str = "Cold.") -> PairTask:
    given = [answer("tuned", tuned), answer("baseline", baseline)]
    (task,) = pair_tasks([SAMPLE], given, SETTINGS)
    return task


class Judge:
    """Prefers an answer by its text, or by its place, or nothing."""

    def __init__(self, prefers: str) -> None:
        self.prefers = prefers
        self.asked: list[str] = []

    async def __call__(self, request: Request) -> Outcome:
        text = orjson.loads(request.payload)["messages"][-1]["content"]
        self.asked.append(text)
        first = text.partition("=== FIRST ANSWER")[2].partition("=== SECOND")[0]
        better = self.prefers
        if better not in ("first", "second", "tie"):
            better = "first" if self.prefers in first else "second"
        reply = orjson.dumps({"reason": "because", "better": better}).decode()
        return completed(request, {"choices": [{"message": {"content": reply}}]})


def verdict_of(judge: Judge, task: PairTask) -> PairVerdict:
    (verdict,) = asyncio.run(judge_pair(task, judge, judge_policy(SETTINGS)))
    return verdict


@each_row("prefers, outcome", [("Hot.", "win"), ("Cold.", "loss")])
def test_answer_that_is_preferred_in_both_orders_wins(prefers: str, outcome: str) -> None:
    judge = Judge(prefers)

    verdict = verdict_of(judge, one_task())

    assert (verdict.outcome, verdict.is_consistent) == (outcome, True)
    assert len(set(judge.asked)) == 2


@each_row("place", ["first", "second"])
def test_preference_that_turns_with_the_order_is_a_tie_and_says_so(place: str) -> None:
    verdict = verdict_of(Judge(place), one_task())

    assert (verdict.outcome, verdict.is_consistent) == ("tie", False)


def test_judge_sees_no_name_of_a_model_or_role() -> None:
    judge = Judge("tie")

    verdict_of(judge, one_task())

    assert not any(word in text for text in judge.asked for word in ("tuned", "baseline", "model"))


def test_which_order_is_asked_first_is_drawn() -> None:
    first_shown = set()
    for number in range(6):
        judge = Judge("tie")
        verdict_of(judge, one_task(tuned=f"Hot {number}.", baseline="Cold."))
        first_shown.add("Hot" in judge.asked[0].partition("=== SECOND")[0])

    assert first_shown == {True, False}


def test_equal_answers_are_a_tie_that_nobody_is_asked_about() -> None:
    judge = Judge("first")

    verdict = verdict_of(judge, one_task("Hot.", "Hot."))

    assert (verdict.outcome, judge.asked) == ("tie", [])


async def test_judge_that_fails_is_a_row_with_the_reason() -> None:
    async def ask(request: Request) -> Outcome:
        return failed(request, "content_filter", message="not this", status=200)

    (verdict,) = await judge_pair(one_task(), ask, judge_policy(SETTINGS))

    assert verdict.outcome is None
    assert "content_filter" in verdict.problem


def test_unanswerable_questions_and_missing_answers_are_no_pairs() -> None:
    swapped = SAMPLE.model_copy(update={"slice": "unanswerable"})
    both = [answer("tuned", "Hot."), answer("baseline", "Cold.")]

    assert list(pair_tasks([swapped], both, SETTINGS)) == []
    assert list(pair_tasks([SAMPLE], both[:1], SETTINGS)) == []
