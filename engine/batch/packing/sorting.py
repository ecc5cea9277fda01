"""Sorts requests before packing: pack now, wait, too large for any batch, not needed."""

from collections.abc import Callable, Iterable

from engine.batch.packing.outbox import Spooled
from engine.batch.packing.packer import Packer
from engine.clock import Clock
from engine.errors import REQUEST_TOO_LARGE
from engine.stopping import Stopping
from schemas.outcomes import Failed, Usage

MOST_TOO_LARGE = 1_000  # given up at a time, for they are kept in memory; further ones wait


class Sorting:
    """One way through the requests that might be packed; made for a thread of its own."""

    def __init__(
        self,
        packer: Packer,
        *,
        keep_waiting: Callable[[Spooled], None],
        is_wanted: Callable[[Spooled], bool],
        stopping: Stopping,
        clock: Clock,
    ) -> None:
        self._packer = packer
        self._keep_waiting = keep_waiting
        self._is_wanted = is_wanted
        self._stopping = stopping
        self._clock = clock
        self.waiting_count = 0
        self.too_large: list[Failed] = []

    @property
    def is_money_short(self) -> bool:
        """Whether something waits because the budget has no room for it."""
        return self._packer.is_money_short

    def run(self, requests: Iterable[Spooled]) -> None:
        """Sort all; raises the reason if the run is stopped meanwhile."""
        for request in requests:
            self._stopping.raise_if_requested()
            if self._is_wanted(request):
                self._sort(request)

    def _sort(self, request: Spooled) -> None:
        verdict = self._packer.add(request)
        if verdict == "too_large" and len(self.too_large) < MOST_TOO_LARGE:
            self.too_large.append(_too_large(request, self._clock))
        elif verdict != "packed":
            self.waiting_count += 1
            self._keep_waiting(request)


def _too_large(request: Spooled, clock: Clock) -> Failed:
    return Failed(
        request_id=request.request_id,
        model=request.model,
        purpose=request.purpose,
        lane="batch",
        attempts=0,
        usage=Usage(),
        cost_usd=0.0,
        latency_s=0.0,
        settled_at=clock.utc_now().isoformat(),
        code=REQUEST_TOO_LARGE,
        message=f"its {len(request.payload):,} bytes and about {request.prompt_tokens:,} prompt "
        "tokens can be in no batch: they exceed the largest file or the account's limit of "
        "enqueued tokens; settings batch.max_file_mb and batch.max_enqueued_tokens",
        status=None,
    )
