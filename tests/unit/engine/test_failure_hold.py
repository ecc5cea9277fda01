import asyncio

import pytest

from engine.errors import FatalError
from engine.failure_hold import FailureHold
from engine.stopping import ALIKE_COUNT, FIRST_ALIKE_COUNT, FailureWatch
from engine.testing.calls import chat_request, completed, failed
from schemas.outcomes import Failed, Outcome


def make_failed(code: str = "unsupported_parameter", *, purpose: str = "questions") -> Failed:
    request = chat_request("r", purpose=purpose)
    return failed(request, code=code, message="max_completion_tokens is not known")


async def note(hold: FailureHold, outcome: Outcome) -> None:
    with hold.asking():
        await asyncio.sleep(0)  # all are asked before the first one ends
        await hold.pass_on(outcome)


async def note_all(hold: FailureHold, outcomes: list[Outcome]) -> list[BaseException | None]:
    return await asyncio.gather(
        *(note(hold, outcome) for outcome in outcomes), return_exceptions=True
    )


async def test_all_that_wait_are_told_when_too_many_failed_alike() -> None:
    hold = FailureHold(FailureWatch())

    ends = await note_all(hold, [make_failed()] * ALIKE_COUNT)

    assert {type(end) for end in ends} == {FatalError}
    assert "unsupported_parameter" in str(ends[0])
    assert "is not known" in str(ends[0])
    assert "--retry-failed" in str(ends[0])


@pytest.mark.parametrize(
    "other",
    [completed(chat_request("r", purpose="questions")), make_failed("context_length_exceeded")],
)
async def test_failures_are_let_go_once_a_request_has_ended_otherwise(other: Outcome) -> None:
    hold = FailureHold(FailureWatch())

    await note(hold, make_failed())
    await note(hold, other)

    ends = await note_all(hold, [make_failed()] * (2 * ALIKE_COUNT))
    assert set(ends) == {None}


async def test_all_requests_of_a_small_run_that_fail_alike_end_it_before_any_is_used() -> None:
    hold = FailureHold(FailureWatch())

    ends = await note_all(hold, [make_failed()] * FIRST_ALIKE_COUNT)

    assert {type(end) for end in ends} == {FatalError}


async def test_failures_are_held_until_another_request_is_answered() -> None:
    hold = FailureHold(FailureWatch())
    with hold.asking():
        held = [asyncio.create_task(note(hold, make_failed())) for _ in range(5)]
        for _ in range(3):
            await asyncio.sleep(0)
        waiting = [task for task in held if not task.done()]

        await hold.pass_on(completed(chat_request("r", purpose="questions")))
        await asyncio.gather(*held)

    assert len(waiting) == 5


async def test_fewer_failures_than_tell_anything_are_let_go_when_nothing_else_is_under_way() -> (
    None
):
    hold = FailureHold(FailureWatch())

    ends = await note_all(hold, [make_failed()] * (FIRST_ALIKE_COUNT - 1))

    assert ends == [None] * (FIRST_ALIKE_COUNT - 1)


async def test_each_purpose_is_watched_from_its_own_first_request_on() -> None:
    hold = FailureHold(FailureWatch())
    await note(hold, completed(chat_request("r", purpose="questions")))

    ends = await note_all(hold, [make_failed(purpose="answers")] * ALIKE_COUNT)

    assert [type(end) for end in ends] == [type(None)] * (ALIKE_COUNT - 1) + [FatalError]
