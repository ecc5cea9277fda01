"""What HTTP does not allow and hosts send all the same, around a reply that was paid for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from engine.errors import TransientError
from engine.live.open_lane import open_live_lane
from engine.spending.budget import Budget
from engine.stats.counters import Stats
from engine.testing.calls import chat_request
from engine.wire.endpoints import Endpoint
from schemas.outcomes import Completed, Outcome
from schemas.settings import LimitSettings

BODY = (
    b'{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant",'
    b'"content":"Yes."}}],"usage":{"prompt_tokens":10,"completion_tokens":5}}'
)
LENGTH = b"Content-Length: %d" % len(BODY)
CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
PAUSE_S = 0.01  # after which what was written has arrived by itself


class Raw:
    """What is written for each call, piece by piece, and how many calls there were."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces
        self.calls = 0
        self.answers: list[asyncio.Task[None] | None] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.answers.append(asyncio.current_task())
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if b"content-length" in line)
        await reader.readexactly(int(length.partition(b":")[2]))
        self.calls += 1
        for piece in self.pieces:
            writer.write(piece)
            with suppress(ConnectionError):
                await writer.drain()
            await asyncio.sleep(PAUSE_S)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def reply(*lines: bytes) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", *lines, LENGTH, b"", BODY])


@asynccontextmanager
async def serve(raw: Raw) -> AsyncIterator[str]:
    server = await asyncio.start_server(raw.answer, "127.0.0.1", 0)
    async with server:
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        finally:
            await asyncio.gather(*filter(None, raw.answers))


async def send(raw: Raw) -> Outcome:
    (outcome,) = await send_each(raw, "a")
    return outcome


async def send_each(raw: Raw, *request_ids: str) -> list[Outcome]:
    limits = LimitSettings(max_attempts=2, request_timeout_s=10.0)
    budget = Budget(cap_usd=None, spent_usd=0.0, price=lambda *_: 0.001)
    async with serve(raw) as base_url:
        lane = open_live_lane([Endpoint(base_url)], limits, budget=budget, stats=Stats())
        try:
            return [await lane.send(chat_request(request_id)) for request_id in request_ids]
        finally:
            await lane.aclose()


@pytest.mark.parametrize(
    "answer",
    [
        reply("X-Grüße: a".encode()),
        reply("X-Grüße: a".encode("latin-1")),
        reply(b"X A: a"),
        reply(b": a"),
        reply(b"no colon"),
        reply(b"X-A: a\x00b"),
        reply(LENGTH),
        reply(b"X A: a\r\n folded", b"X-B: b"),
        reply(b"X A: a").replace(b"\r\n", b"\n"),
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nno colon\r\n\r\n"
        + reply(b": a"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + CHUNKED,
    ],
)
@pytest.mark.parametrize("pieces", [1, 2, 7])
async def test_reply_below_a_head_that_is_none_costs_no_second_one(
    answer: bytes, pieces: int
) -> None:
    size = -(-len(answer) // pieces)
    raw = Raw(*(answer[at : at + size] for at in range(0, len(answer), size)))

    outcomes = await send_each(raw, "a", "b")

    assert [type(outcome) for outcome in outcomes] == [Completed] * 2
    assert raw.calls == 2


@pytest.mark.parametrize(
    "answer",
    [
        reply(b"X-A: " + b"a" * 20_000),
        reply(*(b"X-%d: a" % number for number in range(300))),
    ],
)
async def test_large_head_costs_no_reply(answer: bytes) -> None:
    raw = Raw(answer)

    outcome = await send(raw)

    assert isinstance(outcome, Completed)
    assert raw.calls == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKED[: -len(b"0\r\n\r\n")],
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + BODY,
    ],
)
@pytest.mark.parametrize("cut_at", [0, -1])
async def test_body_that_is_whole_is_taken_where_its_end_is_not_told(
    answer: bytes, cut_at: int
) -> None:
    raw = Raw(*filter(None, (answer[:cut_at], answer[cut_at:])))

    outcome = await send(raw)

    assert isinstance(outcome, Completed)
    assert raw.calls == 1


async def test_body_that_broke_off_is_asked_for_again() -> None:
    raw = Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + BODY[:-1])

    with pytest.raises(TransientError):
        await send(raw)

    assert raw.calls == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"no HTTP at all\r\n\r\n",
        reply(b"Content-Length: 7"),
        b"X A: " + b"a" * 200_000,
        reply(*(b"X-%d: %b" % (number, b"a" * 1_000) for number in range(600))),
    ],
)
async def test_head_that_says_nothing_sure_is_a_lost_reply(answer: bytes) -> None:
    raw = Raw(answer)

    with pytest.raises(TransientError):
        await send(raw)

    assert raw.calls == 2
