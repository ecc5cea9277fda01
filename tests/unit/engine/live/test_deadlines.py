import asyncio

from engine.live.deadlines import Deadlines
from engine.testing.clocks import VirtualTimeLoop, in_virtual_time
from tests.rows import each_row


async def wait(deadlines: Deadlines, seconds: float) -> str:
    task = asyncio.current_task()
    assert task is not None
    deadlines.start(task)
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        return "too late" if deadlines.end(task) else "cancelled"
    finally:
        deadlines.end(task)
    return "in time"


@each_row("seconds, end", [(4.9, "in time"), (5.1, "too late")])
@in_virtual_time
async def test_what_takes_longer_than_allowed_is_ended(seconds: float, end: str) -> None:
    assert await wait(Deadlines(5.0), seconds) == end


@in_virtual_time
async def test_time_in_which_the_process_was_stopped_does_not_count() -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    deadlines = Deadlines(5.0)
    waiting = [asyncio.create_task(wait(deadlines, seconds)) for seconds in (11.0, 99.0)]
    await asyncio.sleep(1.0)

    loop.jump(10.0)  # as SIGSTOP does: the timer is due, and so is what came meanwhile
    ends = await asyncio.gather(*waiting)

    assert ends == ["in time", "too late"]
    assert loop.time() < 20.0
