"""When lane auto goes which way: bulk to batches, remainders and the last hours live."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from jobs.run.lane_order import LaneName, LaneOrder
from schemas.settings import RunSettings

CANCEL_TIME = timedelta(minutes=10)  # a cancelled batch may take so long (OpenAI Batch guide)
ASSUMED_REQUESTS_PER_MINUTE = 60.0  # where no limit is configured: careful
MARGIN = 1.5  # times the reckoned time of sending the rest live


class LanePlan(NamedTuple):
    """What the rounds of a run follow. `live_below`: a smaller remainder is not worth a batch."""

    lane: LaneName
    waits: bool
    deadline: datetime | None
    live_below: int
    requests_per_minute: float

    def switches_at(self, open_count: int) -> datetime | None:
        """From when on everything goes live, so that `open_count` requests are done in time."""
        if self.deadline is None:
            return None
        live_time = timedelta(minutes=MARGIN * open_count / self.requests_per_minute)
        return self.deadline - CANCEL_TIME - live_time

    def is_live_time(self, now: datetime, open_count: int) -> bool:
        """Whether batches can no longer be waited for."""
        switches_at = self.switches_at(open_count)
        return switches_at is not None and now >= switches_at

    def describe(self, open_count: int) -> Iterator[str]:
        """The plan in words."""
        yield f"plan: {self.live_below:,} requests or more go in batches, fewer go live"
        switches_at = self.switches_at(open_count)
        if switches_at is not None and self.deadline is not None:
            yield (
                f"plan: from {switches_at.astimezone():%Y-%m-%d %H:%M} on batches are cancelled "
                "and the rest goes live, to be done by "
                f"{self.deadline.astimezone():%Y-%m-%d %H:%M %Z}"
            )


def make_plan(order: LaneOrder, settings: RunSettings) -> LanePlan:
    """The plan that an order comes to; only lane auto sends small remainders live."""
    return LanePlan(
        lane=order.lane,
        waits=order.waits,
        deadline=order.deadline,
        live_below=settings.batch.live_below_requests if order.lane == "auto" else 0,
        requests_per_minute=settings.limits.requests_per_minute or ASSUMED_REQUESTS_PER_MINUTE,
    )
