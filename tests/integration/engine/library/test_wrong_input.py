"""What a user of the library may hand in by mistake: one message, and nothing is bought for it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import (
    Ask,
    Endpoint,
    EngineError,
    Record,
    Rejection,
    Request,
    make_chat_request,
    open_engine,
)
from engine.errors import ConfigError
from tests.openai_server import Latency, OpenAIServer, ServerConfig

NOWHERE = Endpoint("http://127.0.0.1:1/v1")


def request_for(text: str) -> Request:
    messages = [{"role": "user", "content": text}]
    return make_chat_request(text, messages, model="gpt-4.1-mini", max_output_tokens=50)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"endpoints": "http://127.0.0.1:1/v1"}, "endpoints: found 'http://127.0.0.1:1/v1'"),
        ({"endpoints": ["http://127.0.0.1:1/v1"]}, "expected an Endpoint"),
        ({"endpoints": None}, "endpoints: found None"),
        ({"endpoints": []}, "endpoints: found none"),
        ({"folder": ""}, "folder: found an empty text"),
        ({"budget_usd": 0}, "budget_usd: found 0, expected dollars above 0"),
        ({"budget_usd": -1.0}, "budget_usd: found -1.0"),
        ({"budget_usd": float("nan")}, "budget_usd: found nan"),
        ({"budget_usd": "5"}, "budget_usd: found '5'"),
        ({"limits": {"max_in_flight": 3}}, "limits: found a dict, expected LimitSettings"),
        ({"prices": {"m": {"input": 1}}}, "prices: found a dict for model 'm'"),
        ({"prices": 3}, "prices: found an int, expected a mapping"),
    ],
)
async def test_argument_of_the_wrong_kind_is_named(
    tmp_path: Path, given: dict[str, Any], message: str
) -> None:
    arguments: dict[str, Any] = {"folder": tmp_path / "calls", "endpoints": NOWHERE} | given

    with pytest.raises(ConfigError, match=message):
        async with open_engine(**arguments):
            """Never entered."""

    assert not (tmp_path / "calls").exists()


async def test_request_that_is_none_is_named_once_what_is_in_flight_has_landed(
    tmp_path: Path,
) -> None:
    given: Any = [request_for("one"), request_for("two"), "three"]
    async with OpenAIServer(ServerConfig(latency=Latency(median_s=0.05))) as server:
        endpoint = Endpoint(server.base_url, server.api_key)
        async with open_engine(tmp_path, endpoint) as engine:
            with pytest.raises(TypeError, match="requests: found a str, expected a Request"):
                await engine.ask_all(given)
            await engine.ask_all(given[:2])
        call_count = len(server.calls)

    assert call_count == 2


@pytest.mark.parametrize("kind", [LookupError, FileNotFoundError])
async def test_error_of_the_users_own_is_raised_as_it_is(
    tmp_path: Path, kind: type[Exception]
) -> None:
    def requests() -> Iterator[Request]:
        yield request_for("one")
        raise kind("no more lines")

    async def fail(item: "Review", ask: Ask) -> list["Review"]:
        raise kind(f"no such word in {item.review_id}")

    async with OpenAIServer() as server:
        endpoint = Endpoint(server.base_url, server.api_key)
        async with open_engine(tmp_path, endpoint) as engine:
            with pytest.raises(kind, match="no more lines"):
                await engine.ask_all(requests())
            with pytest.raises(kind, match="no such word in r"):
                await engine.run_stage("reviews", reviews(), fail, result=Review)


async def test_engine_that_is_closed_says_so(tmp_path: Path) -> None:
    async with open_engine(tmp_path, NOWHERE) as engine:
        """Nothing is asked."""

    with pytest.raises(EngineError, match="is closed: ask within"):
        await engine.ask(request_for("one"))


async def test_same_request_twice_at_once_is_bought_once(tmp_path: Path) -> None:
    async with OpenAIServer(ServerConfig(latency=Latency(median_s=0.05))) as server:
        endpoint = Endpoint(server.base_url, server.api_key)
        async with open_engine(tmp_path, endpoint) as engine:
            first, second = await engine.ask_all([request_for("one"), request_for("one")])
            again = await asyncio.gather(*(engine.ask(request_for("two")) for _ in range(5)))
        call_count = len(server.calls)

    assert first.reply == second.reply
    assert len({outcome.request_id for outcome in again}) == 1
    assert call_count == 2


class Review(Record):
    review_id: str
    text: str = "Fine soup."


class Numbered(Record):
    number: int


class Other(Record):
    other_id: str


def reviews() -> Iterator[Review]:
    return (Review(review_id=f"r{number}") for number in range(3))


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (None, "work: found None, expected a list of results and rejections"),
        ([], "work: found nothing for item r0"),
        (Review(review_id="r"), "work: found a Review, expected a list"),
        (["kind"], "work: found a str among what it returned"),
        ([Other(other_id="o")], "work: found an Other among what it returned, expected a Review"),
        ([Rejection.of("r0", stage="other", reason="x")], "a rejection of stage 'other', expected"),
    ],
)
async def test_work_that_returns_something_else_writes_nothing(
    tmp_path: Path, returned: Any, message: str
) -> None:
    async def work(item: Review, ask: Ask) -> Any:
        return returned

    async with open_engine(tmp_path, NOWHERE) as engine:
        with pytest.raises(TypeError, match=message):
            await engine.run_stage("reviews", reviews(), work, result=Review)

    assert (tmp_path / "reviews.jsonl").read_bytes() == b""
    assert (tmp_path / "rejected.jsonl").read_bytes() == b""


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([{"review_id": "r1"}], "items: found a dict, expected a Record"),
        ([Numbered(number=1)], "items: found a Numbered whose first field, number, is an int"),
    ],
)
async def test_item_without_an_id_is_named(tmp_path: Path, items: Any, message: str) -> None:
    async def work(item: Review, ask: Ask) -> list[Review]:
        return [item]

    async with open_engine(tmp_path, NOWHERE) as engine:
        with pytest.raises(TypeError, match=message):
            await engine.run_stage("reviews", items, work, result=Review)


async def test_work_that_is_no_async_function_is_named(tmp_path: Path) -> None:
    def work(item: Review, ask: Ask) -> Any:
        return [item]

    async with open_engine(tmp_path, NOWHERE) as engine:
        with pytest.raises(TypeError, match="work: expected an async function"):
            await engine.run_stage("reviews", reviews(), work, result=Review)
        with pytest.raises(TypeError, match="result: found dict, expected a class of Record"):
            await engine.run_stage("reviews", reviews(), work, result=dict)  # type: ignore[type-var]
