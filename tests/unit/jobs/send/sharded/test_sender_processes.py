"""How many senders there are, and what each is told; nothing is started."""

from engine.wire.endpoints import Endpoint
from jobs.send.sharded.here.processes import HerePlace, SenderProcesses
from jobs.send.sharded.messages import Begin
from schemas.settings import LimitSettings, RunSettings
from tests.rows import each_row


@each_row("in_flight, of_endpoint, count", [(64, None, 4), (3, None, 3), (64, 2, 2)])
async def test_no_more_senders_than_calls_that_may_be_in_flight(
    in_flight: int, of_endpoint: int | None, count: int
) -> None:
    settings = RunSettings(limits=LimitSettings(max_in_flight=in_flight))
    endpoints = [
        Endpoint("https://one.example/v1", max_in_flight=of_endpoint),
        Endpoint("https://two.example/v1"),
    ]

    async with SenderProcesses(HerePlace(4)) as processes:
        begin = Begin(address=None, settings=settings, endpoints=endpoints)

        assert await processes.begin(begin) == count
