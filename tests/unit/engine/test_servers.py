import pytest

from engine.errors import AuthError, ConfigError
from engine.servers import ServerLanes, add_gauges
from engine.stats.counters import LimitGauges
from engine.stopping import Stopping
from engine.testing.calls import chat_request
from engine.testing.stage_parts import FakeLane
from engine.wire.endpoints import Endpoint
from schemas.requests import CHAT_COMPLETIONS, Manner, make_request
from tests.rows import each_row


async def test_each_request_goes_to_the_server_that_it_names() -> None:
    own, judge = FakeLane(), FakeLane()
    lanes = ServerLanes({"": own, "judge": judge}, stopping=Stopping())

    await lanes.send(chat_request("a"))
    await lanes.send(chat_request("b", server="judge"))

    assert own.sent == [chat_request("a").request_id]
    assert judge.sent == [chat_request("b").request_id]


async def test_what_ends_one_server_stops_all() -> None:
    refused = AuthError("the key is wrong")
    stopping = Stopping()
    judge = FakeLane({chat_request("b").request_id: refused})
    lanes = ServerLanes({"": FakeLane(), "judge": judge}, stopping=stopping)

    with pytest.raises(AuthError):
        await lanes.send(chat_request("b", server="judge"))

    assert stopping.reason is refused


async def test_request_for_no_server_goes_nowhere() -> None:
    own = FakeLane()
    lanes = ServerLanes({"": own}, stopping=Stopping())

    with pytest.raises(ConfigError, match="'elsewhere'"):
        await lanes.send(chat_request("a", server="elsewhere"))

    assert own.sent == []


def test_server_is_no_part_of_an_id() -> None:
    own, judge = (
        make_request(
            "a",
            0,
            url=CHAT_COMPLETIONS,
            body={"model": "m", "messages": []},
            purpose="answers",
            prompt_tokens=1,
            manner=Manner(server),
        )
        for server in ("", "judge")
    )

    assert own.request_id == judge.request_id


def test_gauges_of_servers_add_up_and_the_busiest_one_counts() -> None:
    first = LimitGauges(requests_per_minute=60.0, max_in_flight=4, utilisation=0.5)
    second = LimitGauges(requests_per_minute=40.0, tokens_per_minute=9.0, max_in_flight=3)

    together = add_gauges([lambda: first, lambda: second])

    assert together == LimitGauges(100.0, 9.0, 7, 0.5)


@each_row(
    "base_url, is_local",
    [
        ("http://localhost:8000/v1", True),
        ("http://127.0.0.1/v1", True),
        ("http://[::1]:8000/v1", True),
        ("https://127.example/v1", False),
        ("https://api.openai.com/v1", False),
    ],
)
def test_address_on_this_machine_is_told(base_url: str, is_local: bool) -> None:
    assert Endpoint(base_url).is_local is is_local
