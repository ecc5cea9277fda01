"""Which way requests go: flags, the plan that they come to, and its words."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.errors import ConfigError
from jobs.run.lanes import CANCEL_TIME, make_lane_plan, read_lane_order
from schemas.settings import RunSettings
from tests.rows import each_row

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def test_lane_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"found 'bulk', expected one of live, flex, batch, auto"):
        read_lane_order("bulk", None, waits=True, environ={})


def test_deadline_without_auto_is_refused() -> None:
    with pytest.raises(ConfigError, match="give it with --lane auto"):
        read_lane_order("batch", "2026-12-01T08:00", waits=True, environ={})


def test_deadline_that_is_no_time_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"found 'tomorrow', expected a time such as"):
        read_lane_order("auto", "tomorrow", waits=True, environ={})


def test_deadline_that_is_past_is_refused_before_anything_began() -> None:
    later = NOON + timedelta(days=20)

    with pytest.raises(ConfigError, match=r"is past, it is now .*: give a time to come, or --lane"):
        read_lane_order(
            "auto", NOON.isoformat(), waits=True, has_begun=False, environ={}, now=later
        )


def test_what_has_begun_goes_on_after_its_deadline_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    times = (NOON - timedelta(minutes=1), NOON)

    orders = [
        read_lane_order("auto", NOON.isoformat(), waits=True, environ={}, now=now) for now in times
    ]

    assert [order.deadline for order in orders] == [NOON, NOON]
    (warning,) = caplog.messages
    assert warning.endswith("what is left goes live at once, at full price")


def test_state_lies_where_the_user_keeps_state() -> None:
    given = read_lane_order("batch", None, waits=True, environ={"XDG_STATE_HOME": "/var/state"})
    relative = read_lane_order("batch", None, waits=True, environ={"XDG_STATE_HOME": "state"})

    assert given.state_dir == Path("/var/state/corpus-distill")
    assert relative.state_dir == Path.home() / ".local" / "state" / "corpus-distill"


@each_row("lane, live_below", [("auto", 100), ("batch", 0), ("live", 0)])
def test_only_auto_sends_small_remainders_live(lane: str, live_below: int) -> None:
    order = read_lane_order(lane, None, waits=True, environ={})

    assert make_lane_plan(order, RunSettings()).live_below == live_below


def test_the_rest_goes_live_early_enough_to_be_done_by_the_deadline() -> None:
    order = read_lane_order("auto", NOON.isoformat(), waits=True, environ={})
    settings = RunSettings.model_validate({"limits": {"requests_per_minute": 100}})
    plan = make_lane_plan(order, settings)

    switches_at = plan.switches_at(2_000)

    assert switches_at == NOON - CANCEL_TIME - timedelta(minutes=1.5 * 2_000 / 100)
    assert not plan.is_live_time(switches_at - timedelta(seconds=1), 2_000)
    assert plan.is_live_time(switches_at, 2_000)


def test_plan_is_told_in_words() -> None:
    order = read_lane_order("auto", NOON.isoformat(), waits=True, environ={})

    told = list(make_lane_plan(order, RunSettings()).describe(0))

    assert told[0] == "plan: 100 requests or more go in batches, fewer go live"
    switches_at = (NOON - CANCEL_TIME).astimezone()
    assert told[1].startswith(f"plan: from {switches_at:%Y-%m-%d %H:%M} on")
