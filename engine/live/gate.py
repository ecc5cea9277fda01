"""How many requests may be in flight at once, whatever their model and endpoint."""

import asyncio
from collections.abc import Callable

from engine.stopping import Admission


class Gate:
    """Lets as many through at a time as `room` has; several lanes may share one room."""

    def __init__(self, room: asyncio.Semaphore, admission: Admission) -> None:
        self._room = room
        self._admission = admission

    async def enter(self, give_up: Callable[[], None]) -> None:
        """Wait until there is room; `leave` makes room again.

        `give_up` is called if it comes to nothing: cancelled, or nothing may be sent any more.

        Raises:
            EngineError: the reason for which nothing may be sent any more.
        """
        has_room = not self._room.locked()
        try:
            await self._room.acquire()
        except asyncio.CancelledError:
            give_up()
            raise
        if not has_room and self._admission.is_closed:  # meanwhile
            self.leave()
            give_up()
            self._admission.check()

    def leave(self) -> None:
        """Make room for the next."""
        self._room.release()
