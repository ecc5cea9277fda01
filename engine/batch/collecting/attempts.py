"""Tries of requests in batches that did not settle them, so that tries are bounded."""

from pathlib import Path
from types import TracebackType
from typing import Self

from engine.files.records import RecordLog, read_records
from schemas.batches import BatchAttempt
from schemas.outcomes import Usage


class AttemptLog:
    """What was tried in vain, by request. A reply that was paid for and cut off is kept here."""

    def __init__(self, path: Path) -> None:
        self._log = RecordLog(path, BatchAttempt)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._log.__aexit__(kind, error, trace)

    def __contains__(self, attempt_id: str) -> bool:
        return attempt_id in self._log

    def of(self, request_id: str) -> list[BatchAttempt]:
        """The attempts of a request, oldest first."""
        attempts: list[BatchAttempt] = []
        while len(self._log) > len(attempts):
            attempt = self._log.get(attempt_id(request_id, len(attempts) + 1))
            if attempt is None:
                break
            attempts.append(attempt)
        return attempts

    async def add(self, attempt: BatchAttempt) -> None:
        """Keep an attempt, unless it is there; returns once it is on disk."""
        await self._log.append([attempt])


def attempt_id(request_id: str, number: int) -> str:
    """The id of a request's attempt number `number` (1-based)."""
    return f"{request_id}.{number}"


def paid_usage(attempts: list[BatchAttempt]) -> Usage:
    """The tokens of all attempts together."""
    return Usage(
        sum(attempt.prompt_tokens for attempt in attempts),
        sum(attempt.completion_tokens for attempt in attempts),
        sum(attempt.cached_tokens for attempt in attempts),
    )


def paid_usd(attempts: list[BatchAttempt]) -> float | None:
    """The dollars of all attempts together; None if one is unknown."""
    costs = [attempt.cost_usd for attempt in attempts]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None


def read_attempt_costs(path: Path) -> float:
    """Dollars that attempts in vain have cost, as far as they are known."""
    return sum(attempt.cost_usd or 0.0 for attempt in read_records(path, BatchAttempt))
