import asyncio
import os
import signal

import pytest

from engine.errors import InterruptedRunError
from engine.stopping import Stopping, stop_on_signals


async def test_grace_period_that_is_over_ends_as_an_interruption() -> None:
    with (
        pytest.raises(InterruptedRunError, match="interrupted by signal 15"),
        stop_on_signals(Stopping(), grace_s=0.0),
    ):
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()


async def test_cancellation_that_nobody_requested_stays_a_cancellation() -> None:
    task = asyncio.current_task()
    assert task is not None

    with pytest.raises(asyncio.CancelledError), stop_on_signals(Stopping(), grace_s=0.0):
        task.cancel()
        await asyncio.Event().wait()

    assert task.uncancel() == 0
