"""Tries of requests in batches that did not settle them, so that tries are bounded."""

from pathlib import Path

from engine.files.records import RecordLog
from schemas.batches import BatchAttempt


class AttemptLog:
    """The tries that settled nothing, by request. A paid reply that was cut off is kept here."""

    def __init__(self, path: Path) -> None:
        self._log = RecordLog(path, BatchAttempt)

    async def aclose(self) -> None:
        """Close the file."""
        await self._log.aclose()

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
