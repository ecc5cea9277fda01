"""Which way requests go, as the user orders it: live, in batches, or both by a deadline."""

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple, TypeGuard

from engine.errors import ConfigError

LaneName = Literal["live", "batch", "auto"]

LANES: tuple[LaneName, ...] = ("live", "batch", "auto")


class LaneOrder(NamedTuple):
    """The lane, whether to wait for batches, and until when all must be done.

    `state_dir` is where the runs of this user share what they know of an account.
    """

    lane: LaneName = "live"
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


def _is_lane(name: str) -> TypeGuard[LaneName]:
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
