"""A request of a batch: what was tried before, and the records of how it can end."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from engine.clock import Clock
from engine.errors import CUT_FOR_BUDGET, CUT_OFF, TRUNCATED, FatalError
from engine.files.records import RecordLog
from engine.wire.replies.usage import CountedUsage, plain_usage, read_usage
from schemas.batches import Batch, BatchAttempt
from schemas.outcomes import Completed, Failed, Usage
from schemas.requests import Json


class Returned(NamedTuple):
    """The request was not tried, or none can succeed now (`reason`); it is asked again."""

    reason: FatalError | None = None


RequestEnd = Completed | Failed | BatchAttempt | Returned


class Asked(NamedTuple):
    """A request of `batch`: what was tried before, and whether its output limit can be enlarged.

    `worst_of` tells the most that a request of the batch may be billed for.
    """

    request_id: str
    batch: Batch
    attempts: Sequence[BatchAttempt]
    has_output_limit: bool
    worst_of: Callable[[str], Usage]

    def count_usage(self, reply: dict[str, Json]) -> CountedUsage:
        """What of a reply counts as billed: the worst case where it does not say all."""
        if (plain := plain_usage(reply)) is not None:
            return plain
        reported = read_usage(reply)
        counted = reported.or_at_most(Usage())
        if not counted.is_estimated:
            return counted
        return reported.or_at_most(self.worst_of(self.request_id))

    def attempt(self, code: str, message: str) -> BatchAttempt:
        """This try of it, which settled nothing."""
        return BatchAttempt(
            attempt_id=_attempt_id(self.request_id, len(self.attempts) + 1),
            request_id=self.request_id,
            batch=self.batch.name,
            code=code,
            message=message,
        )

    def cut_off(self) -> BatchAttempt:
        """This try of it, whose reply was cut off: by its own limit, or by one for the budget.

        In a batch that has lowered limits only those have their own that were cut off before; and
        those whose own is no higher, which are then asked with their own once more.
        """
        was_cut_off = any(attempt.code in CUT_OFF for attempt in self.attempts)
        if self.batch.intent.has_lowered_limits and not was_cut_off:
            return self.attempt(
                CUT_FOR_BUDGET, "cut off by a limit that was lowered for the budget"
            )
        return self.attempt(TRUNCATED, "cut off by its output limit")

    def failed(self, code: str, message: str, status: int | None, clock: Clock) -> Failed:
        """Its outcome, if it failed for good and cost nothing."""
        intent, now = self.batch.intent, clock.utc_now()
        return Failed(
            request_id=self.request_id,
            model=intent.model,
            purpose=intent.purpose,
            lane="batch",
            attempts=len(self.attempts) + 1,
            usage=Usage(),
            cost_usd=0.0,
            latency_s=self._latency_s(now),
            settled_at=now.isoformat(),
            code=code,
            message=message,
            status=status,
        )

    def completed(
        self,
        reply: dict[str, Json],
        raw: bytes,
        counted: CountedUsage,
        cost_usd: float | None,
        server_request_id: str,
        clock: Clock,
    ) -> Completed:
        """Its outcome, if `reply` (in bytes: `raw`) is an answer."""
        intent, now = self.batch.intent, clock.utc_now()
        return Completed(
            request_id=self.request_id,
            model=intent.model,
            purpose=intent.purpose,
            lane="batch",
            attempts=len(self.attempts) + 1,
            usage=counted.usage,
            cost_usd=cost_usd,
            latency_s=self._latency_s(now),
            settled_at=now.isoformat(),
            reply=reply,
            raw=raw,
            server_request_id=server_request_id,
            is_estimated=counted.is_estimated,
        )

    def _latency_s(self, now: datetime) -> float:
        """Seconds from the creation of the batch until `now`."""
        if not self.batch.created_at:
            return 0.0
        return (now - datetime.fromisoformat(self.batch.created_at)).total_seconds()


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
        if not len(self._log):
            return []
        attempts: list[BatchAttempt] = []
        while len(self._log) > len(attempts):
            attempt = self._log.get(_attempt_id(request_id, len(attempts) + 1))
            if attempt is None:
                break
            attempts.append(attempt)
        return attempts

    async def add(self, attempts: Sequence[BatchAttempt]) -> None:
        """Keep attempts that are not there yet; returns once they are on disk."""
        await self._log.append(attempts)


def _attempt_id(request_id: str, number: int) -> str:
    """The id of a request's attempt number `number` (1-based)."""
    return f"{request_id}.{number}"
