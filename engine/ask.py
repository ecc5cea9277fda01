"""The one question that job code puts to the engine."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from schemas.outcomes import Outcome
from schemas.requests import Request


class Ask(Protocol):
    """Awaits a request's outcome: from the journal if settled, else bought, kept and returned."""

    async def __call__(self, request: Request, /) -> Outcome:
        """Return the outcome of `request`.

        Raises:
            FatalError: nothing can be asked any more; the run ends.
            TransientError: out of attempts; the request stays unsettled, its item is set aside.
            OutageError: nobody answered for longer than allowed; the run ends.
            Deferred: the batch lane has spooled it; its item is set aside.
        """
        ...


async def ask_together(ask: Ask, requests: Sequence[Request]) -> list[Outcome]:
    """The outcomes of requests that do not depend on each other, in their order.

    All are asked before anything is raised, so that in the batch lane they share a round.

    Raises:
        What `Ask` raises: the first in the order of the requests.
    """
    ends = await asyncio.gather(*map(ask, requests), return_exceptions=True)
    outcomes: list[Outcome] = []
    for end in ends:
        if isinstance(end, BaseException):
            raise end
        outcomes.append(end)
    return outcomes


class Lane(Protocol):
    """A way to the provider: a request in, its outcome out.

    To keep outcomes on disk is not its part. The batch lane keeps requests there until they are
    in a batch.
    """

    async def send(self, request: Request) -> Outcome:
        """Return how `request` ended. Raises what `Ask` raises."""
        ...

    async def aclose(self) -> None:
        """Give back connections; nothing may be in flight any more."""
        ...
