"""Requests that share a prefix: the first goes ahead, the others read what it wrote."""

import asyncio
from dataclasses import replace

import orjson
import pytest

from engine.errors import ConfigError, TransientError
from engine.live.warm_prefixes import KEPT_S, MOST_WAIT_S, WarmPrefixes
from engine.stopping import Admission
from engine.testing.calls import chat_request
from engine.testing.clocks import LoopClock, in_virtual_time
from engine.testing.transport import FakeTransport, Step, error_answer, good_answer
from engine.wire.endpoints import Endpoint
from schemas.outcomes import Completed
from schemas.requests import CacheLayout, Prefix, Request
from tests.unit.engine.live.lanes import make_lane

SYSTEM, CHUNK, OTHER = (Prefix(name, 0, 1, 1_100) for name in ("s", "c", "o"))


def shared(name: str, *prefixes: Prefix) -> Request:
    return replace(chat_request(name), cache=CacheLayout("k", prefixes, is_explicit=True))


@in_virtual_time
async def test_first_request_of_a_prefix_goes_ahead_and_the_others_together() -> None:
    transport = FakeTransport(latency_s=2.0)
    lane = make_lane(transport)

    await asyncio.gather(*(lane.send(shared(f"r{n}", SYSTEM)) for n in range(4)))

    assert transport.times_s == pytest.approx([0.0, 2.0, 2.0, 2.0], abs=0.01)


@in_virtual_time
async def test_chunks_wait_for_the_system_message_and_then_each_for_its_own_first() -> None:
    transport = FakeTransport(latency_s=2.0)
    lane = make_lane(transport)

    await asyncio.gather(
        *(lane.send(shared(f"c{n}", SYSTEM, CHUNK)) for n in range(2)),
        *(lane.send(shared(f"o{n}", SYSTEM, OTHER)) for n in range(2)),
    )

    assert transport.times_s == pytest.approx([0.0, 2.0, 2.0, 4.0], abs=0.01)


@in_virtual_time
async def test_request_that_shares_nothing_waits_for_nobody() -> None:
    transport = FakeTransport(latency_s=2.0)
    lane = make_lane(transport)

    await asyncio.gather(lane.send(shared("a", SYSTEM)), lane.send(chat_request("b")))

    assert transport.times_s == pytest.approx([0.0, 0.0], abs=0.01)


@in_virtual_time
async def test_when_the_first_fails_the_next_one_goes_ahead() -> None:
    warm = WarmPrefixes(admission=Admission(LoopClock()), clock=LoopClock())
    order: list[str] = []

    async def settle(name: str, *, fails: bool) -> None:
        order.append(f"{name} begins")
        await asyncio.sleep(1.0)
        order.append(f"{name} ends")
        if fails:
            raise TransientError("gone", code="x")

    ends = await asyncio.gather(
        *(
            warm.in_turn([SYSTEM], lambda name=name: settle(name, fails=name == "a"))  # type: ignore[misc]
            for name in ("a", "b", "c")
        ),
        return_exceptions=True,
    )

    assert isinstance(ends[0], TransientError)
    assert order == ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]


@in_virtual_time
async def test_slow_first_request_does_not_hold_the_others_for_long() -> None:
    transport = FakeTransport(latency_s=600.0)
    lane = make_lane(transport)

    await asyncio.gather(*(lane.send(shared(f"r{n}", SYSTEM)) for n in range(3)))

    assert transport.times_s == pytest.approx([0.0, MOST_WAIT_S, MOST_WAIT_S], abs=0.01)


@in_virtual_time
async def test_prefix_that_nobody_read_for_long_is_written_again() -> None:
    transport = FakeTransport(latency_s=1.0)
    lane = make_lane(transport)

    await lane.send(shared("a", SYSTEM))
    await asyncio.sleep(KEPT_S + 1)
    began_s = asyncio.get_running_loop().time()
    await asyncio.gather(lane.send(shared("b", SYSTEM)), lane.send(shared("c", SYSTEM)))

    assert [time_s - began_s for time_s in transport.times_s[1:]] == pytest.approx(
        [0.0, 1.0], abs=0.01
    )


@in_virtual_time
async def test_stop_is_heard_while_the_first_is_waited_for() -> None:
    lane = make_lane(FakeTransport(latency_s=5.0))
    sending = [asyncio.create_task(lane.send(shared(name, SYSTEM))) for name in ("a", "b")]
    await asyncio.sleep(1.0)

    lane.stop_admitting(ConfigError("stop"))
    ends = await asyncio.gather(*sending, return_exceptions=True)

    assert isinstance(ends[0], Completed)  # it was in flight
    assert isinstance(ends[1], ConfigError)


@in_virtual_time
async def test_server_that_refuses_the_fields_is_asked_without_from_then_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    refusal = error_answer(400, None, "Unrecognized request argument supplied: prompt_cache_key")

    def respond(_: Endpoint, payload: bytes) -> Step:
        return refusal if b"prompt_cache" in payload else good_answer()

    transport = FakeTransport(responder=respond)
    lane = make_lane(transport)

    outcomes = [await lane.send(shared(name, SYSTEM)) for name in ("a", "b")]

    assert all(isinstance(outcome, Completed) for outcome in outcomes)
    assert len(transport.sent) == 3
    assert orjson.loads(transport.sent[-1][2]) == orjson.loads(chat_request("b").payload)
    assert "teacher.prompt_cache=off" in caplog.text
