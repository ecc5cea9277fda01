"""A run that is kept in a store besides its folder, as those see it who go on with it."""

from typing import NamedTuple, Protocol

from engine.clock import SystemClock
from engine.lease.claims import Lender
from engine.lease.client import LeaseClient
from engine.stopping import Stopping
from schemas.settings import RunSettings


class SealingLender(Lender, Protocol):
    """Lends as long as all that is written is sealed."""

    async def back_up(self) -> None:
        """Return once all that is written by now is sealed.

        Raises:
            TransientError: it cannot be, yet.
            RunInUseError: another machine goes on with the run.
        """
        ...


class StoredRun(Protocol):
    """What is written in the folder is sealed while it is lent by; nothing is sent without that."""

    def open_lender(self, budget_usd: float | None, stopping: Stopping) -> SealingLender:
        """What lends the whole account for seconds at a time, as long as all is sealed.

        Once another machine goes on with the run, it requests a stop.
        """
        ...


def hold_lease(
    lender: SealingLender, holder: str, settings: RunSettings, stopping: Stopping
) -> LeaseClient:
    """What a command sends by, until a stop is requested: the lender does so with its reason."""
    lease_client = LeaseClient(
        holder,
        lender,
        budget_usd=settings.budget.usd,
        is_superseded=lambda: False,
        max_outage_s=settings.limits.max_outage_s,
        clock=SystemClock(),
    )
    stopping.on_request(lease_client.end)
    return lease_client


class Attached(NamedTuple):
    """What an engine is to have besides: a port for its counters, and a store for its files."""

    metrics_port: int | None = None
    stored: StoredRun | None = None
