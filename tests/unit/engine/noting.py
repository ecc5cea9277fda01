"""Waits for what a log of sends notes, where there is something to wait for."""

from collections.abc import Awaitable


async def noted(noting: Awaitable[None] | None) -> None:
    if noting is not None:
        await noting
