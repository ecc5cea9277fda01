"""Puts the live lane together on the machine's own network, clock and randomness."""

import random
from collections.abc import Sequence

from engine.budget import Budget
from engine.clock import SystemClock
from engine.live.lane import LiveLane
from engine.live.open_files import fit_in_flight
from engine.live.transport import HttpTransport
from engine.stats import Stats
from engine.wire.endpoints import Endpoint
from schemas.settings import LimitSettings

BYTES_PER_MB = 1 << 20


def open_live_lane(
    endpoints: Sequence[Endpoint], limits: LimitSettings, *, budget: Budget, stats: Stats
) -> LiveLane:
    """A live lane to the endpoints, within the budget; needs a running event loop.

    Close it with `aclose`.
    No more requests are in flight than the system lets this process open connections.
    """
    in_flight = fit_in_flight(limits.max_in_flight)
    return LiveLane(
        endpoints,
        settings=limits.model_copy(update={"max_in_flight": in_flight}),
        transport=HttpTransport(
            timeout_s=limits.request_timeout_s,
            max_reply_bytes=round(limits.max_reply_mb * BYTES_PER_MB),
        ),
        clock=SystemClock(),
        budget=budget,
        stats=stats,
        rng=random.Random(),  # noqa: S311 - jitter of retries
    )
