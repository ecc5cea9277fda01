"""The process that drives the workers makes one call after the other, whatever comes between."""

import asyncio

from jobs.send.sharded.messages import Lend, SendShards, Stop, ToProcess
from jobs.send.sharded.on_ray.orders import next_order, next_send

FIRST = SendShards(call_dir="first", workers=1, spent_usd=0.0)
SECOND = SendShards(call_dir="second", workers=2, spent_usd=0.5)
LATE = (Lend(until_s=1.0, usd=1.0), Stop(signum=2))


def told(*orders: ToProcess) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    for order in orders:
        reader.feed_data(order.model_dump_json().encode() + b"\n")
    reader.feed_eof()
    return reader


async def test_what_is_said_of_a_call_that_has_ended_does_not_end_the_next_one() -> None:
    orders = told(FIRST, *LATE, SECOND, *LATE)

    assert await next_send(orders) == FIRST
    assert await next_send(orders) == SECOND
    assert await next_send(orders) is None


async def test_orders_come_one_by_one_while_a_call_is_under_way() -> None:
    orders = told(*LATE)

    assert [await next_order(orders) for _ in range(3)] == [*LATE, None]
