"""`ask`, the one call that job code makes to the engine, and calls of many requests at once."""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from engine.errors import EngineError, TransientError
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


async def ask_all(ask: Ask, requests: Iterable[Request], *, window: int) -> list[Outcome]:
    """The outcomes of any number of requests, in their order, at most `window` asked at a time.

    `requests` are drawn lazily. One that stays unsettled does not hold up the others.

    Raises:
        TransientError: some stayed unsettled; says how many, and why the first of them.
        EngineError: what ended the work; raised after all requests in flight have ended.
    """
    asking = _Asking(ask, requests)
    async with asyncio.TaskGroup() as group:
        for _ in range(window):
            group.create_task(asking.work_off())
    if asking.ended_by is not None:
        raise asking.ended_by
    if asking.unsettled:
        _, first = min(asking.unsettled.items())
        raise TransientError(
            f"requests that were not answered: {len(asking.unsettled):,} of "
            f"{len(asking.unsettled) + len(asking.outcomes):,}; the first: {first}; ask again",
            code=first.code,
        )
    return [outcome for _, outcome in sorted(asking.outcomes.items())]


class _Asking:
    """One call of `ask_all`; its workers share the iterator of requests."""

    def __init__(self, ask: Ask, requests: Iterable[Request]) -> None:
        self._ask = ask
        self._waiting = enumerate(requests)
        self.outcomes: dict[int, Outcome] = {}
        self.unsettled: dict[int, TransientError] = {}
        self.ended_by: EngineError | None = None

    async def work_off(self) -> None:
        for place, request in self._waiting:
            try:
                self.outcomes[place] = await self._ask(request)
            except TransientError as error:
                self.unsettled[place] = error
            except EngineError as error:
                self.ended_by = self.ended_by or error
            if self.ended_by is not None:
                return


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
