"""Where a budget notes what goes out, so that no kill hides what may have been billed."""

from collections.abc import Awaitable
from typing import Protocol


class SendRecord(Protocol):
    """Where sends are noted, so that a later process knows what an earlier one may have spent."""

    def sent(self, request_id: str, usd: float) -> Awaitable[None] | None:
        """A request may go out, for at most `usd`: at once, or once what is returned ends."""

    async def lost(self, request_id: str, usd: float) -> None:
        """Its reply did not come: it may have been billed."""

    def unbilled(self, request_id: str, usd: float) -> None:
        """It was refused: nothing was billed."""


class Unrecorded:
    """A record of nothing, where no later process follows."""

    def sent(self, request_id: str, usd: float) -> None:
        """Nothing is kept."""

    async def lost(self, request_id: str, usd: float) -> None:
        """Nothing is kept."""

    def unbilled(self, request_id: str, usd: float) -> None:
        """Nothing is kept."""
