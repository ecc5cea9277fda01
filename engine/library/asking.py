"""How users of the library ask: many requests at once, and each of them once."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from engine.ask import Ask
from engine.errors import ConfigError, EngineError, TransientError
from engine.workers import run_workers
from schemas.outcomes import Outcome
from schemas.requests import Request


async def ask_all(ask: Ask, requests: Iterable[Request], *, window: int) -> list[Outcome]:
    """The outcomes of any number of requests, in their order, at most `window` asked at a time.

    `requests` are drawn lazily. One that stays unsettled does not hold up the others.

    Raises:
        TransientError: some stayed unsettled; says how many, and why the first of them.
        EngineError: what ended the work, an unexpected exception as UnexpectedError; raised after
            all requests in flight have ended.
    """
    asking = _Asking(ask, requests)
    await run_workers(asking.work_off, window, on_error=asking.end)
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
            if self.ended_by is not None:
                return

    def end(self, error: EngineError) -> None:
        """Let no worker draw a further request; what is in flight lands."""
        self.ended_by = self.ended_by or error


class AskOnce:
    """An `ask` that buys a request once, however many tasks ask for it at the same time.

    The others wait for the first. Once it `is_closed`, as its journal is, it says so.
    """

    def __init__(self, ask: Ask, folder: Path) -> None:
        self._ask = ask
        self._folder = folder
        self._asked: dict[str, asyncio.Event] = {}
        self.is_closed = False

    async def __call__(self, request: Request, /) -> Outcome:
        """The outcome of `request`. Raises what `Ask` raises; ConfigError: it is closed."""
        if self.is_closed:
            raise ConfigError(
                f"the engine on {self._folder} is closed: ask within `async with open_engine(...)`"
            )
        while (asked := self._asked.get(request.request_id)) is not None:
            await asked.wait()
        asked = self._asked[request.request_id] = asyncio.Event()
        try:
            return await self._ask(request)
        finally:
            del self._asked[request.request_id]
            asked.set()
