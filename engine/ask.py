"""`ask`, the one call that job code makes to the engine, and the lanes that answer it."""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from schemas.outcomes import Outcome
from schemas.requests import Request

T = TypeVar("T")


class Ask(Protocol):
    """Awaits a request's outcome: from the journal if settled, else bought, kept and returned."""

    async def __call__(self, request: Request, /) -> Outcome:
        """Return the outcome of `request`.

        Raises:
            FatalError: nothing can be asked any more; the run ends.
            TransientError: out of attempts; the request stays unsettled, its item is set aside.
            OutageError: the server did not respond for longer than allowed; the run ends.
            Deferred: the batch lane has spooled it; its item is set aside.
        """
        ...


def with_purpose(ask: Ask, purpose: str) -> Ask:
    """The same `ask`, whose requests count for another purpose; their ids stay."""

    async def ask_for_purpose(request: Request) -> Outcome:
        return await ask(replace(request, purpose=purpose))

    return ask_for_purpose


async def ask_together(ask: Ask, requests: Sequence[Request]) -> list[Outcome]:
    """The outcomes of requests that do not depend on each other, in their order.

    Raises:
        What `Ask` raises: the first in the order of the requests.
    """
    return await await_all(map(ask, requests))


async def await_all(works: Iterable[Awaitable[T]]) -> list[T]:
    """What works that do not depend on each other return, in their order.

    All have asked before anything is raised, so that in the batch lane they share a round.

    Raises:
        What a work raises: the first in their order.
    """
    ends = await asyncio.gather(*works, return_exceptions=True)
    results: list[T] = []
    for end in ends:
        if isinstance(end, BaseException):
            raise end
        results.append(end)
    return results


class Lane(Protocol):
    """How a request gets to the provider (live, batch): a request in, its outcome out.

    To keep outcomes on disk is not its part. The batch lane keeps requests there until they are
    in a batch.
    """

    async def send(self, request: Request) -> Outcome:
        """Return how `request` ended. Raises what `Ask` raises."""
        ...

    async def aclose(self) -> None:
        """Close the connections; nothing may be in flight any more."""
        ...
