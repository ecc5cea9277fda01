"""`async with` for objects that `aclose` closes."""

from types import TracebackType
from typing import Protocol, Self


class AsyncClosing(Protocol):
    """A base that closes at the end of an `async with` block, however the block ends."""

    async def aclose(self) -> None:
        """Close; nothing may be used any more."""
        ...

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()
