"""Puts the live lane together on the machine's own network, clock and randomness."""

import logging
import random
import resource
from collections.abc import Sequence

from engine.clock import SystemClock
from engine.live.lane import LiveLane
from engine.live.transport import HttpTransport
from engine.spending.budget import Budget
from engine.stats.counters import Stats
from engine.wire.endpoints import Endpoint
from engine.wire.reply_sizes import reply_sizes
from schemas.settings import LimitSettings


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
            slow_timeout_s=limits.flex_timeout_s,
            max_reply_bytes=reply_sizes(limits).reply_bytes,
        ),
        clock=SystemClock(),
        budget=budget,
        stats=stats,
        rng=random.Random(),  # noqa: S311 - jitter of retries
    )


OTHER_FILES = 96  # logs, libraries, standard streams, a local model; connections being made

_log = logging.getLogger(__name__)


def fit_in_flight(wanted: int) -> int:
    """Raise the limit of open files to what `wanted` requests at once need, as far as it goes.

    Returns how many may be in flight; says so if that is fewer.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + OTHER_FILES
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    if allowed > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    fitting = max(1, min(wanted, allowed - OTHER_FILES))
    if fitting < wanted:
        _log.warning(
            "limits.max_in_flight is lowered from %d to %d: the system lets this process open %d "
            "files (ulimit -n)",
            wanted,
            fitting,
            allowed,
        )
    return fitting
