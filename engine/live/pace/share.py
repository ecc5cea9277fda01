"""The part of an account's limits that this process may use: all of it, or what it was leased."""

from typing import Protocol


class Share(Protocol):
    """A part of the limits of one model at one endpoint. It may change at any moment."""

    @property
    def part(self) -> float:
        """Above 0, and 1 at most: by so much of the account's rates requests may go."""
        ...

    @property
    def is_held(self) -> bool:
        """Whether a request may go by it now."""
        ...

    def note_use(self, share_s: float) -> None:
        """Note a request that goes, and takes `share_s` seconds of what may be sent by it."""
        ...

    async def wait(self) -> None:
        """Return once it is held.

        Raises:
            EngineError: it will not be any more.
        """
        ...


class Shares(Protocol):
    """The shares of one process, by what the limits are of."""

    def of(self, name: str) -> Share:
        """The share of the limits that are called `name`, the same in each process."""
        ...


class WholeAccount:
    """All of every account, for good: no other process sends."""

    part = 1.0
    is_held = True

    def of(self, name: str) -> Share:
        """The whole of it."""
        return self

    def note_use(self, share_s: float) -> None:
        """Count nothing: the whole account is this process's."""

    async def wait(self) -> None:
        """Return at once."""
