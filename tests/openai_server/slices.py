"""Long work on the event loop, in slices, so that calls are answered meanwhile."""

import asyncio
import time

_SLICE_S = 0.005


class Slices:
    """Call `breathe` between two steps of the work; it hands over the loop once a slice is used."""

    def __init__(self) -> None:
        self._until_s = time.monotonic() + _SLICE_S

    @property
    def is_used(self) -> bool:
        """Whether it is time to breathe."""
        return time.monotonic() >= self._until_s

    async def breathe(self) -> None:
        """Let others run, then begin a new slice."""
        await asyncio.sleep(0)
        self._until_s = time.monotonic() + _SLICE_S
