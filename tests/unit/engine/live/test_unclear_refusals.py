from engine.live.unclear_refusals import UnclearRefusals


def judge(refusals: UnclearRefusals, request_id: str, *, is_last: bool = False) -> str:
    return refusals.judge(request_id, is_last=is_last)


def test_request_that_is_refused_while_others_are_answered_is_refused_alone() -> None:
    refusals = UnclearRefusals()

    first = judge(refusals, "a")
    refusals.note_answer()

    assert (first, judge(refusals, "a")) == ("open", "one")


def test_several_that_are_refused_again_while_none_is_answered_mean_all() -> None:
    refusals = UnclearRefusals()

    verdicts = [judge(refusals, name) for name in ("a", "b", "c", "a", "b", "c")]

    assert verdicts == ["open"] * 5 + ["all"]


def test_only_request_is_told_by_what_came_before_it() -> None:
    fresh, answered = UnclearRefusals(), UnclearRefusals()
    answered.note_answer()

    assert [judge(fresh, "a") for _ in range(3)][-1] == "all"
    assert [judge(answered, "a") for _ in range(3)][-1] == "one"


def test_last_attempt_is_judged_at_once() -> None:
    assert judge(UnclearRefusals(), "a", is_last=True) == "all"
