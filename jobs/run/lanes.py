"""Which way requests go, as the user orders it: live, in batches, or both by a deadline."""

import os
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple, TypeGuard

from engine.errors import ConfigError
from schemas.settings import RunSettings

LaneChoice = Literal["live", "batch", "auto"]

LANES: tuple[LaneChoice, ...] = ("live", "batch", "auto")


class LaneOrder(NamedTuple):
    """The lane, whether to wait for batches, and until when all must be done.

    `state_dir` is where the runs of this user share what they know of an account.
    """

    lane: LaneChoice = "live"
    waits: bool = True
    deadline: datetime | None = None
    state_dir: Path = Path()


def read_lane_order(
    lane: str, deadline: str | None, *, waits: bool, environ: Mapping[str, str] = os.environ
) -> LaneOrder:
    """The order that flags give.

    Raises:
        ConfigError: an unknown lane, or a deadline that is no time or is not for this lane.
    """
    if not _is_lane(lane):
        raise ConfigError(f"--lane: found {lane!r}, expected one of {', '.join(LANES)}")
    if deadline is not None and lane != "auto":
        raise ConfigError("--deadline decides between lanes: give it with --lane auto")
    return LaneOrder(lane, waits, _read_deadline(deadline), _state_dir(environ))


def _is_lane(name: str) -> TypeGuard[LaneChoice]:
    return name in LANES


def _read_deadline(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError as error:
        raise ConfigError(
            f"--deadline: found {text!r}, expected a time such as 2026-12-01T08:00 (of this "
            "machine's zone) or 2026-12-01T08:00+00:00"
        ) from error


def _state_dir(environ: Mapping[str, str]) -> Path:
    """Where the user's programs keep their state (XDG Base Directory Specification)."""
    given = environ.get("XDG_STATE_HOME", "")
    if Path(given).is_absolute():
        return Path(given) / "corpus-distill"
    try:
        return Path.home() / ".local" / "state" / "corpus-distill"
    except RuntimeError as error:
        raise ConfigError(
            "this user has no home folder: set XDG_STATE_HOME to a folder that runs can share"
        ) from error


CANCEL_TIME = timedelta(minutes=10)  # a cancelled batch may take so long (OpenAI Batch guide)
ASSUMED_REQUESTS_PER_MINUTE = 60.0  # assumed where no limit is configured
MARGIN = 1.5  # margin: times the estimated time of sending the rest live


class LanePlan(NamedTuple):
    """What the rounds of a run follow. `live_below`: a smaller remainder is not worth a batch."""

    lane: LaneChoice
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
    """The plan for an order; only lane auto sends small remainders live."""
    return LanePlan(
        lane=order.lane,
        waits=order.waits,
        deadline=order.deadline,
        live_below=settings.batch.live_below_requests if order.lane == "auto" else 0,
        requests_per_minute=settings.limits.requests_per_minute or ASSUMED_REQUESTS_PER_MINUTE,
    )
