import asyncio
import os
import signal

import pytest

from engine.errors import FatalError, InterruptedRunError
from engine.stopping import (
    ALIKE_COUNT,
    FailureWatch,
    Stopping,
    announce_interruption,
    stop_on_signals,
)
from engine.testing.calls import chat_request, completed, failed
from schemas.outcomes import Failed, Outcome
from tests.rows import each_row


async def test_grace_period_that_is_over_ends_as_an_interruption() -> None:
    async def hang() -> None:
        with stop_on_signals(Stopping(), grace_s=0.0):
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.Event().wait()

    with pytest.raises(InterruptedRunError, match="interrupted by signal 15"):
        await hang()


async def test_cancellation_that_nobody_requested_stays_a_cancellation() -> None:
    async def hang() -> None:
        with stop_on_signals(Stopping(), grace_s=0.0):
            await asyncio.Event().wait()

    task = asyncio.ensure_future(hang())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


def make_failed(code: str = "unsupported_parameter") -> Failed:
    return failed(chat_request(), code, message="max_completion_tokens is not known")


def test_many_first_requests_that_fail_alike_end_the_run() -> None:
    watch = FailureWatch()

    for _ in range(ALIKE_COUNT - 1):
        watch.note(make_failed())

    assert not watch.is_over
    with pytest.raises(FatalError, match=r"unsupported_parameter.*is not known.*--retry-failed"):
        watch.note(make_failed())


@each_row("other", [completed(chat_request("r")), make_failed("context_length_exceeded")])
def test_one_request_that_ends_otherwise_ends_the_watch(other: Outcome) -> None:
    watch = FailureWatch()

    watch.note(make_failed())
    watch.note(other)

    for _ in range(2 * ALIKE_COUNT):
        watch.note(make_failed())
    assert watch.is_over
    assert watch.verdict() is None


@pytest.mark.parametrize(
    ("in_flight", "told"),
    [
        (3, "SIGINT: waiting up to 30 s for 3 calls that are under way, and paid for"),
        (1, "SIGINT: waiting up to 30 s for 1 call that is under way"),
        (0, "SIGINT: no call is under way"),
    ],
)
def test_interruption_says_at_once_what_is_waited_for(
    in_flight: int, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    stopping = Stopping()
    announce_interruption(stopping, lambda: in_flight, grace_s=30.0)

    stopping.request(InterruptedRunError(signal.SIGINT))

    assert told in caplog.text
    assert "a second one leaves at once" in caplog.text


def test_end_by_an_error_is_no_interruption(caplog: pytest.LogCaptureFixture) -> None:
    stopping = Stopping()
    announce_interruption(stopping, lambda: 3, grace_s=30.0)

    stopping.request(FatalError("the key is revoked"))

    assert caplog.text == ""
