import asyncio
import os
import signal

import pytest

from engine.errors import InterruptedRunError
from engine.stopping import Stopping, stop_on_signals


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
