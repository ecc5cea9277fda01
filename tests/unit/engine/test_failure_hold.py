import asyncio
from pathlib import Path

from engine.engine import Engine
from engine.errors import FatalError
from engine.failure_hold import FailureHold
from engine.files.journal import Journal
from engine.stopping import ALIKE_COUNT, FIRST_ALIKE_COUNT, FailureWatch, Stopping
from engine.testing.calls import chat_request, completed, failed
from schemas.outcomes import Failed, Outcome
from schemas.requests import Request
from tests.rows import each_row


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


@each_row(
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


async def send_first(hold: FailureHold, outcome: Outcome, sent: list[int]) -> None:
    """As the engine does with a request of a purpose of which none was answered."""
    with hold.asking():
        await hold.enter(outcome.purpose)
        try:
            sent.append(1)
            await asyncio.sleep(0.01)
            await hold.pass_on(outcome)
        finally:
            hold.leave(outcome.purpose)


class RefusingLane:
    """Refuses all requests alike, after a while."""

    def __init__(self) -> None:
        self.sent_count = 0

    async def send(self, request: Request) -> Outcome:
        self.sent_count += 1
        await asyncio.sleep(0.01)
        return failed(request, code="unsupported_parameter")

    async def aclose(self) -> None:
        """There is nothing to close."""


async def test_no_more_are_sent_than_it_takes_to_see_that_all_fail(tmp_path: Path) -> None:
    lane = RefusingLane()
    async with Journal(tmp_path / "journal.jsonl") as journal:
        engine = Engine(journal=journal, lane=lane, stopping=Stopping())
        requests = [chat_request(f"r{number}") for number in range(10 * ALIKE_COUNT)]
        ends = await asyncio.gather(*map(engine.ask, requests), return_exceptions=True)

    assert {type(end) for end in ends} == {FatalError}
    assert lane.sent_count == ALIKE_COUNT


async def test_all_that_wait_go_once_one_is_answered() -> None:
    hold, sent = FailureHold(FailureWatch()), list[int]()
    answered = completed(chat_request("r", purpose="questions"))

    first = [asyncio.create_task(send_first(hold, answered, sent)) for _ in range(ALIKE_COUNT)]
    others = [asyncio.create_task(send_first(hold, answered, sent)) for _ in range(200)]
    await asyncio.sleep(0)
    before = len(sent)
    await asyncio.gather(*first)
    await asyncio.sleep(0)
    after = len(sent)
    await asyncio.gather(*others)

    assert (before, after) == (ALIKE_COUNT, ALIKE_COUNT + 200)
    assert not hold.is_first("questions")


async def test_one_that_waits_and_is_cancelled_costs_no_other_its_turn() -> None:
    hold, sent = FailureHold(FailureWatch()), list[int]()
    deferred = [asyncio.create_task(hold.enter("questions")) for _ in range(ALIKE_COUNT)]
    await asyncio.gather(*deferred)
    cancelled = asyncio.create_task(hold.enter("questions"))
    answered = completed(chat_request("r", purpose="questions"))
    waiting = asyncio.create_task(send_first(hold, answered, sent))
    await asyncio.sleep(0)

    hold.leave("questions")  # the turn of the one that is cancelled before it takes it
    cancelled.cancel()
    await asyncio.wait_for(waiting, 5)

    assert len(sent) == 1
