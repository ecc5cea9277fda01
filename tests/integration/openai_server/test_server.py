import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import openai
import pytest

from tests.openai_server import (
    Faults,
    Latency,
    ModelLimits,
    OpenAIServer,
    Outage,
    Reply,
    ServerConfig,
)

CHAT = "/chat/completions"
CUT = aiohttp.ClientPayloadError
RESET = aiohttp.ClientOSError  # "connection reset by peer"


def body(text: str = "hello", **more: Any) -> dict[str, Any]:
    return {"model": "gpt-6-luna", "messages": [{"role": "user", "content": text}], **more}


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": "Bearer sk-test-double"}
    async with aiohttp.ClientSession(headers=headers) as session:
        yield session


async def post(
    session: aiohttp.ClientSession, server: OpenAIServer, payload: Any = None, **more: Any
) -> tuple[int, bytes, Any]:
    url = server.base_url + CHAT
    async with session.post(url, json=payload or body(), **more) as response:
        return response.status, await response.read(), response.headers


async def test_reply_is_pretty_printed_and_says_that_it_is_a_double(
    session: aiohttp.ClientSession,
) -> None:
    async with OpenAIServer() as server:
        status, raw, headers = await post(session, server)

    assert status == 200
    assert raw.startswith(b'{\n  "id": "chatcmpl-')
    assert "not OpenAI" in headers["Server"]
    assert headers["X-Request-Id"] == "req_00000001"
    assert "X-RateLimit-Limit-Requests" not in headers


async def test_official_client_reads_chat_embeddings_and_models() -> None:
    async with (
        OpenAIServer() as server,
        openai.AsyncOpenAI(
            api_key=server.api_key, base_url=server.base_url, max_retries=0
        ) as client,
    ):
        chat = await client.chat.completions.create(
            model="gpt-6-luna", messages=[{"role": "user", "content": "hi"}], n=2
        )
        vectors = await client.embeddings.create(model="text-embedding-3-small", input=["a", "b"])
        names = [model.id async for model in client.models.list()]
        model = await client.models.retrieve("gpt-4o-mini")
        with pytest.raises(openai.NotFoundError, match="does not exist"):
            await client.models.retrieve("gpt-2")
        with pytest.raises(openai.NotFoundError, match="Invalid URL"):
            await client.containers.list()

    assert [choice.index for choice in chat.choices] == [0, 1]
    assert [len(row.embedding) for row in vectors.data] == [1536, 1536]
    assert "gpt-6.1-sol" in names
    assert model.model_dump()["shutdown_date"] == "2027-01-14"


async def test_wrong_and_missing_keys_are_refused_unbilled_and_not_kept(
    session: aiohttp.ClientSession,
) -> None:
    async with OpenAIServer() as server:
        wrong = await post(session, server, headers={"Authorization": "Bearer sk-secret-key-wxyz"})
        missing = await post(session, server, headers={"Authorization": ""})
        totals = server.totals()

    assert (wrong[0], json.loads(wrong[1])["error"]["code"]) == (401, "invalid_api_key")
    assert missing[0] == 401
    assert totals["billed_calls"] == 0
    assert "secret" not in repr(server.calls)


async def test_unknown_model_and_unreadable_bodies_have_their_errors(
    session: aiohttp.ClientSession,
) -> None:
    async with OpenAIServer() as server:
        unknown = await post(session, server, body() | {"model": "gpt-2"})
        url = server.base_url + CHAT
        async with session.post(url, data=b"{") as broken:
            message = (await broken.json())["error"]["message"]

    assert (unknown[0], json.loads(unknown[1])["error"]["code"]) == (404, "model_not_found")
    assert broken.status == 400
    assert "could not parse the JSON body" in message


async def test_limits_refuse_with_headers_and_can_be_lifted(
    session: aiohttp.ClientSession,
) -> None:
    limits = {"*": ModelLimits(requests_per_minute=60, tokens_per_minute=60_000)}
    async with OpenAIServer(ServerConfig(limits=limits)) as server:
        first = await post(session, server, body(max_completion_tokens=50))
        second = await post(session, server)
        await server.configure(ServerConfig())
        third = await post(session, server)
        totals = server.totals()

    assert (first[0], second[0], third[0]) == (200, 429, 200)
    assert first[2]["X-RateLimit-Limit-Tokens"] == "60000"
    assert second[2]["X-RateLimit-Remaining-Requests"] == "0"
    assert 0 < int(second[2]["Retry-After-Ms"]) <= 1_000
    assert (totals["refused"], totals["billed_calls"]) == (1, 2)


@pytest.mark.parametrize(
    ("fault", "expected", "is_billed"),
    [
        ("reset_before", RESET, False),
        ("reset_after", RESET, True),
        ("cut_off", CUT, True),
    ],
)
async def test_broken_connections_are_billed_only_after_the_work(
    session: aiohttp.ClientSession, fault: Any, expected: type[Exception], is_billed: bool
) -> None:
    async with OpenAIServer(ServerConfig(faults=Faults(calls={1: fault}))) as server:
        with pytest.raises(expected):
            await post(session, server)
        again = await post(session, server)
        totals = server.totals()

    assert again[0] == 200
    assert totals["billed_calls"] == 1 + is_billed
    assert totals["lost_calls"] == totals["billed_twice"] == is_billed
    assert totals["delivered_twice"] == 0
    assert totals["faults"] == {fault: 1}


@pytest.mark.parametrize(("fault", "raw"), [("empty", b""), ("list", b"[{"), ("html", b"<html>")])
async def test_malformed_pages_come_with_status_200_unbilled(
    session: aiohttp.ClientSession, fault: Any, raw: bytes
) -> None:
    async with OpenAIServer(ServerConfig(faults=Faults(calls={1: fault}))) as server:
        reply = await post(session, server)
        totals = server.totals()

    assert reply[0] == 200
    assert reply[1][: len(raw)] == raw
    assert (totals["billed_calls"], totals["statuses"]) == (0, {"200": 1})


async def test_refusal_is_billed(session: aiohttp.ClientSession) -> None:
    async with OpenAIServer(ServerConfig(faults=Faults(calls={1: "refusal"}))) as server:
        _, raw, _ = await post(session, server)

    assert json.loads(raw)["choices"][0]["message"]["refusal"]
    assert server.totals()["billed_calls"] == 1


async def test_same_body_twice_is_billed_and_delivered_twice(
    session: aiohttp.ClientSession,
) -> None:
    async with OpenAIServer() as server:
        first, second = await post(session, server), await post(session, server)

    assert first[1] == second[1]
    assert server.totals()["delivered_twice"] == 1


async def test_reply_nobody_waited_for_is_billed_as_lost(session: aiohttp.ClientSession) -> None:
    answered = asyncio.Event()

    def responder(body: dict[str, Any], number: int) -> Reply:
        answered.set()
        return Reply("too late")

    config = ServerConfig(latency=Latency(median_s=0.2))
    async with OpenAIServer(config, responder=responder) as server:
        with pytest.raises(TimeoutError):
            await post(session, server, timeout=aiohttp.ClientTimeout(total=0.05))
        await answered.wait()
        totals = server.totals()

    assert (totals["billed_calls"], totals["lost_calls"]) == (1, 1)


async def test_in_flight_calls_are_counted(session: aiohttp.ClientSession) -> None:
    config = ServerConfig(latency=Latency(median_s=0.05, sigma=0.1))
    async with OpenAIServer(config) as server:
        await asyncio.gather(*(post(session, server, body(str(n))) for n in range(20)))

    assert server.totals()["max_in_flight"] == 20


async def test_hanging_call_is_answered_late(session: aiohttp.ClientSession) -> None:
    faults = Faults(calls={1: "hang"}, hang_s=0.3)
    async with OpenAIServer(ServerConfig(faults=faults)) as server:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(post(session, server), 0.05)
        assert (await post(session, server))[0] == 200


async def test_refused_outage_resets_refuses_and_ends(session: aiohttp.ClientSession) -> None:
    outage = Outage(kind="refused", after_calls=2, duration_s=0.3)
    async with OpenAIServer(ServerConfig(outage=outage)) as server:
        before = [(await post(session, server))[0] for _ in range(2)]
        with pytest.raises(RESET):
            await post(session, server)
        with pytest.raises(aiohttp.ClientConnectorError, match="Connect call failed"):
            await post(session, server)
        while True:
            try:
                after = await post(session, server)
                break
            except RESET:
                await asyncio.sleep(0.02)

    assert before == [200, 200]
    assert after[0] == 200
    assert len(server.calls) == 3


async def test_gateway_outage_is_html_and_ends_by_configuration(
    session: aiohttp.ClientSession,
) -> None:
    async with OpenAIServer(ServerConfig(outage=Outage(kind="gateway"))) as server:
        during = await post(session, server)
        await server.configure(ServerConfig())
        after = await post(session, server)

    assert (during[0], during[1][:6]) == (502, b"<html>")
    assert after[0] == 200
    assert len(server.calls) == 1


async def test_server_that_is_out_for_good_still_closes() -> None:
    async with OpenAIServer(ServerConfig(outage=Outage(kind="refused"))) as server:
        pass

    assert server.totals()["calls"] == 0


async def test_body_of_two_megabytes_is_read(session: aiohttp.ClientSession) -> None:
    async with OpenAIServer() as server:
        payload = body("x" * 2_000_000) | {"model": "gpt-4.1-mini"}
        url = server.base_url + CHAT
        async with session.post(url, data=io.BytesIO(json.dumps(payload).encode())) as response:
            usage = (await response.json())["usage"]

    assert usage["prompt_tokens"] == 500_004


async def test_custom_responder_sees_body_and_call_number(
    session: aiohttp.ClientSession,
) -> None:
    def responder(body: dict[str, Any], number: int) -> Reply:
        return Reply(f"{body['messages'][0]['content']} {number}")

    async with OpenAIServer(responder=responder) as server:
        await post(session, server)
        _, raw, _ = await post(session, server)

    assert json.loads(raw)["choices"][0]["message"]["content"] == "hello 2"
