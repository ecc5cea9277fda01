"""Which way requests go, as the user orders it: live, by flex, in batches, or as it pays."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, TypeGuard

from engine.errors import ConfigError
from engine.live.flex.gate import FlexPolicy
from engine.stats.counters import LimitGauges
from jobs.settings.roles import role_settings
from schemas.outcomes import LANES, LaneChoice
from schemas.settings import RunSettings

_log = logging.getLogger(__name__)


class LaneOrder(NamedTuple):
    """The lane, whether to wait for batches, and until when all must be done.

    `state_dir` is where the runs of this user share what they know of an account.
    """

    lane: LaneChoice = "live"
    waits: bool = True
    deadline: datetime | None = None
    state_dir: Path = Path()


def read_lane_order(
    lane: str,
    deadline: str | None,
    *,
    waits: bool,
    has_begun: bool = True,
    environ: Mapping[str, str] = os.environ,
    now: datetime | None = None,
) -> LaneOrder:
    """The order that flags give. `now` None: as the machine's clock has it.

    A deadline that is past is a mistake where nothing `has_begun`: all would go live at once, at
    twice the price. What has begun goes on by the same command, also after its deadline.

    Raises:
        ConfigError: an unknown lane, or a deadline that is no time, not for this lane, or past.
    """
    if not _is_lane(lane):
        raise ConfigError(f"--lane: found {lane!r}, expected one of {', '.join(LANES)}")
    if deadline is not None and lane != "auto":
        raise ConfigError("--deadline decides between lanes: give it with --lane auto")
    until = _read_deadline(deadline)
    if until is not None:
        _check_ahead(until, now or datetime.now(UTC), has_begun=has_begun)
    return LaneOrder(lane, waits, until, _state_dir(environ))


def _check_ahead(deadline: datetime, now: datetime, *, has_begun: bool) -> None:
    if deadline > now:
        return
    said = f"--deadline: {_shown(deadline)} is past, it is now {_shown(now)}"
    if not has_begun:
        raise ConfigError(
            f"{said}: give a time to come, or --lane live to have all answered now, at full price"
        )
    _log.warning("%s: what is left goes live at once, at full price", said)


def _shown(time: datetime) -> str:
    return f"{time.astimezone():%Y-%m-%d %H:%M %Z}"


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
LEAST_BATCH_TIME = timedelta(minutes=30)  # in which a batch may well answer something
BACK_TO_FLEX_TIME = timedelta(minutes=5)  # to spare, before what goes live goes by flex again
LANDING_TIME = timedelta(minutes=2)  # what is in flight when the rest goes live may take so long
ASSUMED_REQUESTS_PER_MINUTE = 60.0  # assumed where no limit is configured, and none is known
MARGIN = 1.5  # margin: times the estimated time of sending the rest live


def unknown_pace() -> float | None:
    """The pace of a lane that has sent nothing yet."""
    return None


def nothing_left() -> int:
    """The `work_left` of a caller that does not count it."""
    return 0


class LanePlan(NamedTuple):
    """What the rounds of a run follow. `live_below`: a smaller remainder is not worth a batch.

    `pace` tells how many requests a minute would go live, None as long as that is unknown;
    `work_left` how many requests the run has still to make, out ones included.
    """

    lane: LaneChoice
    waits: bool
    deadline: datetime | None
    live_below: int
    requests_per_minute: float
    pace: Callable[[], float | None] = unknown_pace
    work_left: Callable[[], int] = nothing_left

    def switches_at(self, open_count: int, *, has_batches: bool = True) -> datetime | None:
        """From when on everything goes live, so that `open_count` requests are done in time.

        They are at least as many as the run knows that it has still to make. `has_batches`: some
        are out, and must be cancelled first.
        """
        if self.deadline is None:
            return None
        left = max(open_count, self.work_left())
        per_minute = self.pace() or self.requests_per_minute
        live_time = timedelta(minutes=MARGIN * left / per_minute)
        return self.deadline - (CANCEL_TIME if has_batches else LANDING_TIME) - live_time

    def is_live_time(self, now: datetime, open_count: int, *, has_batches: bool = True) -> bool:
        """Whether flex and batches can no longer be waited for."""
        switches_at = self.switches_at(open_count, has_batches=has_batches)
        return switches_at is not None and now >= switches_at

    def is_batch_time(self, now: datetime, open_count: int) -> bool:
        """Whether a batch that is made now has time to answer something before it is cancelled."""
        switches_at = self.switches_at(open_count)
        return switches_at is None or now + LEAST_BATCH_TIME <= switches_at

    def describe(self, open_count: int, *, has_flex: bool = False) -> Iterator[str]:
        """The plan in words."""
        if has_flex:
            yield "plan: requests go by flex as long as it has capacity; of the others:"
        yield f"plan: {self.live_below:,} requests or more go in batches, fewer go live"
        switches_at = self.switches_at(open_count)
        if switches_at is not None and self.deadline is not None:
            yield (
                f"plan: from {switches_at.astimezone():%Y-%m-%d %H:%M} on batches are cancelled "
                "and the rest goes live, to be done by "
                f"{self.deadline.astimezone():%Y-%m-%d %H:%M %Z}"
            )


def make_lane_plan(
    order: LaneOrder,
    settings: RunSettings,
    pace: Callable[[], float | None] = unknown_pace,
    work_left: Callable[[], int] = nothing_left,
) -> LanePlan:
    """The plan for an order; only lane auto sends small remainders live."""
    return LanePlan(
        lane=order.lane,
        waits=order.waits,
        deadline=order.deadline,
        live_below=settings.batch.live_below_requests if order.lane == "auto" else 0,
        requests_per_minute=settings.limits.requests_per_minute or ASSUMED_REQUESTS_PER_MINUTE,
        pace=pace,
        work_left=work_left,
    )


def live_pace(gauges: LimitGauges, latency_s: float | None) -> float | None:
    """Requests a minute that would go live now, by what is known; None: nothing is.

    The least of the limit of requests and of what the requests in flight allow at a latency.
    """
    paces = [gauges.requests_per_minute] if gauges.requests_per_minute else []
    if latency_s:
        paces.append(60.0 * gauges.max_in_flight / latency_s)
    return min(paces, default=None)


def make_flex_policy(order: LaneOrder, settings: RunSettings) -> FlexPolicy | None:
    """How flex is used under an order; None: it is not.

    Raises:
        ConfigError: flex cannot be had, or a parameter names another tier.
    """
    if order.lane not in ("flex", "auto"):
        return None
    if settings.teacher.is_local:
        raise ConfigError(f"provider local has no {order.lane}: leave out --lane, or use live")
    for name, parameters in (
        ("teacher", settings.teacher.parameters),
        *((role, table.parameters) for role, table in role_settings(settings).items()),
    ):
        if "service_tier" in parameters:
            raise ConfigError(
                f"{name}.parameters.service_tier and --lane {order.lane} both choose a tier: leave "
                "one of them out"
            )
    if order.lane == "auto" and settings.tiers.flex > settings.batch.price_share:
        return None  # batches cost less
    limits = settings.limits
    return FlexPolicy(order.lane == "flex", limits.flex_patience_s, limits.max_outage_s)
