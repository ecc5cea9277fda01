import asyncio
from collections.abc import Iterator

import pytest

from engine.errors import QuotaError, TransientError, UnexpectedError
from engine.library.asking import ask_all
from engine.testing.calls import chat_request, completed
from schemas.outcomes import Outcome
from schemas.requests import Request


class SlowAsk:
    """Answers after a turn of the loop; raises what `errors` has for an id."""

    def __init__(self, errors: dict[str, Exception] | None = None) -> None:
        self._errors = errors or {}
        self.asked: list[str] = []
        self.in_work = 0
        self.most_in_work = 0

    async def __call__(self, request: Request) -> Outcome:
        self.asked.append(request.request_id)
        self.in_work += 1
        self.most_in_work = max(self.most_in_work, self.in_work)
        await asyncio.sleep(0)
        self.in_work -= 1
        if (error := self._errors.get(request.request_id)) is not None:
            raise error
        return completed(request)


def requests(count: int) -> Iterator[Request]:
    return (chat_request(f"r{number}") for number in range(count))


async def test_outcomes_come_in_the_order_of_the_requests_a_window_at_a_time() -> None:
    ask = SlowAsk()

    outcomes = await ask_all(ask, requests(20), window=3)

    assert [outcome.request_id for outcome in outcomes] == [f"r{n}" for n in range(20)]
    assert ask.most_in_work == 3


async def test_requests_without_an_answer_hold_up_no_others_and_are_counted() -> None:
    lost = TransientError("nobody there", code="timeout")
    ask = SlowAsk({"r3": lost, "r5": TransientError("later", code="later")})

    with pytest.raises(TransientError, match=r"2 of 10; the first: nobody there"):
        await ask_all(ask, requests(10), window=2)

    assert len(ask.asked) == 10


async def test_what_ends_the_work_is_raised_once_what_was_in_flight_has_landed() -> None:
    ask = SlowAsk({"r1": QuotaError("no money")})

    with pytest.raises(QuotaError, match="no money"):
        await ask_all(ask, requests(1000), window=4)

    assert ask.in_work == 0
    assert len(ask.asked) < 20


async def test_error_while_requests_are_drawn_is_raised_once_what_was_in_flight_has_landed() -> (
    None
):
    def broken() -> Iterator[Request]:
        yield from requests(2)
        raise LookupError("no more lines")

    ask = SlowAsk()

    with pytest.raises(UnexpectedError, match="no more lines"):
        await ask_all(ask, broken(), window=3)

    assert (len(ask.asked), ask.in_work) == (2, 0)
