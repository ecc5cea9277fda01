"""The lane by a part of the limits, in virtual time."""

import asyncio

import pytest

from engine.errors import RunInUseError
from engine.testing.clocks import in_virtual_time
from engine.testing.transport import FakeTransport
from schemas.settings import LimitSettings
from tests.unit.engine.live.lanes import make_lane, send_all

FOUR_HUNDRED_A_SECOND = LimitSettings(requests_per_minute=24_000)


class GivenShare:
    """A share that is what the test says; what is used of it is added up."""

    def __init__(self, part: float, *, is_held: bool = True) -> None:
        self.part = part
        self.is_held = is_held
        self.used_s = 0.0
        self.names: list[str] = []

    def of(self, name: str) -> "GivenShare":
        self.names.append(name)
        return self

    def note_use(self, share_s: float) -> None:
        self.used_s += share_s

    async def wait(self) -> None:
        await asyncio.sleep(5.0)
        self.is_held = True


class LostShare(GivenShare):
    async def wait(self) -> None:
        raise RunInUseError("somebody else has it now")


@in_virtual_time
async def test_requests_go_by_a_part_of_the_limit_and_what_they_use_is_noted() -> None:
    transport, share = FakeTransport(), GivenShare(0.25)
    lane = make_lane(transport, settings=FOUR_HUNDRED_A_SECOND)
    lane.go_by(share)

    await send_all(lane, 250)

    later = [time_s - 1.0 for time_s in transport.times_s if time_s > 1.0]
    assert len(later) / later[-1] == pytest.approx(100, rel=0.02)
    assert share.used_s == pytest.approx(2.5)
    assert share.names == ["https://one.example/v1 m"]


@in_virtual_time
async def test_nothing_goes_before_the_share_is_held() -> None:
    transport = FakeTransport()
    lane = make_lane(transport, settings=FOUR_HUNDRED_A_SECOND)
    lane.go_by(GivenShare(1.0, is_held=False))

    await send_all(lane, 10)

    assert transport.times_s[0] == pytest.approx(5.0)


@in_virtual_time
async def test_share_that_is_lost_for_good_ends_what_waits_for_it() -> None:
    transport = FakeTransport()
    lane = make_lane(transport)
    lane.go_by(LostShare(1.0, is_held=False))

    ends = await send_all(lane, 3)

    assert [type(end) for end in ends] == [RunInUseError] * 3
    assert transport.times_s == []
