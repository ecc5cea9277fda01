"""Every response is taken for what it is, over real sockets."""

import asyncio
import gzip
import zlib
from collections.abc import Callable
from dataclasses import replace

import orjson
import pytest
from aiohttp import web

from engine.errors import AuthError, FatalError, ModelGoneError, QuotaError
from schemas.outcomes import Completed, Failed, Outcome
from schemas.requests import Json
from tests.integration.engine.live.own_server import (
    Body,
    Own,
    as_json,
    ask,
    chat,
    name_of,
    own_server,
    page,
)

Make = Callable[[], web.Response]

NO_CHOICES: Json = {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}
BLOCKED: Json = {"error": {"code": 403, "message": "flagged"}}
FILTERED: Json = {"error": {"code": "content_filter", "message": "x"}}
WRONG_FIELD: Json = {"detail": [{"loc": ["body", "n"], "msg": "no"}]}
IN_A_LIST: Json = [{"error": {"code": 400, "message": "bad", "status": "INVALID"}}]

DAMAGED = gzip.compress(b"a reply")[:12] + b"\xff" * 20

# What one request in three is answered with, the code that it ends with, and its sends at most.
OF_ONE_REQUEST: dict[str, tuple[Make, str, int]] = {
    "page 413": (lambda: page(413), "http_413", 1),
    "error in a list": (lambda: as_json(IN_A_LIST, 400), "INVALID", 1),
    "no choices": (lambda: as_json(NO_CHOICES), "malformed_reply", 2),
    "error in a 200": (lambda: as_json({"error": {"message": "flagged"}}), "http_400", 1),
    "400 in a 200": (lambda: as_json({"error": {"code": 400, "message": "x"}}), "http_400", 1),
    "flagged": (lambda: as_json(BLOCKED, 403), "http_403", 1),
    "detail": (lambda: as_json(WRONG_FIELD, 422), "http_422", 1),
    "content filter": (lambda: as_json(FILTERED, 400), "content_filter", 1),
    "firewall": (lambda: page(403), "http_403", 3),
    "404 of one": (lambda: page(404), "http_404", 3),
    "page 200": (lambda: page(200), "malformed_reply", 2),
    "empty 200": (web.Response, "malformed_reply", 2),
    "damaged gzip": (lambda: packed(DAMAGED, "gzip"), "malformed_reply", 2),
    "brotli": (lambda: packed(b"\x8b\x05\x80abc\x03", "br"), "malformed_reply", 2),
}


def packed(body: bytes, encoding: str) -> web.Response:
    return web.Response(body=body, headers={"Content-Encoding": encoding})


async def send_all(own: Own, count: int) -> list[Outcome | BaseException]:
    sends = (own.lane.send(ask(f"r{number}")) for number in range(count))
    return await asyncio.gather(*sends, return_exceptions=True)


@pytest.mark.parametrize(("make", "code", "most"), OF_ONE_REQUEST.values(), ids=OF_ONE_REQUEST)
async def test_what_concerns_one_request_ends_that_request_alone(
    make: Make, code: str, most: int
) -> None:
    bad = {"r2", "r5", "r8"}

    async def answer(body: Body, number: int) -> web.Response:
        await asyncio.sleep(0.01)
        return make() if name_of(body) in bad else chat("fine")

    async with own_server(answer, max_outage_s=20) as own:
        ends = await send_all(own, 10)

    failed = [end for end in ends if isinstance(end, Failed)]
    assert sum(isinstance(end, Completed) for end in ends) == 7
    assert [end.code for end in failed] == [code] * 3
    assert max(own.sent(name) for name in bad) <= most


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda: as_json({"error": {"code": 402, "message": "no credit"}}), QuotaError),
        (lambda: as_json({"error": {"message": "Insufficient balance"}}, 402), QuotaError),
        (
            lambda: as_json([{"error": {"code": 400, "message": "API key not valid."}}], 400),
            AuthError,
        ),
        (lambda: as_json({"detail": "Invalid token"}, 401), AuthError),
        (lambda: as_json({"error": {"message": "m is not a valid model ID"}}, 400), ModelGoneError),
        (lambda: page(403), FatalError),
        (lambda: page(404), FatalError),
    ],
)
async def test_what_concerns_all_ends_the_run_soon(make: Make, kind: type[Exception]) -> None:
    async with own_server(lambda *_: make()) as own:
        ends = await send_all(own, 10)

    assert {type(end) for end in ends} <= {kind, *kind.__subclasses__()}
    assert len(own.calls) <= 30


async def test_gateway_away_for_some_requests_alone_is_no_outage() -> None:
    def answer(body: Body, number: int) -> web.Response:
        return page(502) if name_of(body) in ("r2", "r5", "r8") else chat("fine")

    async with own_server(answer, max_attempts=3) as own:
        ends = await send_all(own, 10)

    assert sum(isinstance(end, Completed) for end in ends) == 7
    assert [own.sent(name) for name in ("r2", "r5", "r8")] == [3, 3, 3]


async def test_reply_with_half_of_an_emoji_is_kept() -> None:
    raw = b'{"choices": [{"message": {"content": "a \\ud83d"}}], "usage": {"prompt_tokens": 1}}'

    async with own_server(lambda *_: web.Response(body=raw)) as own:
        outcome = await own.lane.send(ask())

    assert isinstance(outcome, Completed)
    assert (
        orjson.loads(outcome.raw)["choices"][0]["message"]["content"]
        == "a \N{REPLACEMENT CHARACTER}"
    )
    assert len(own.calls) == 1


@pytest.mark.parametrize("is_chunked", [False, True])
async def test_gzip_without_a_label_is_unpacked(is_chunked: bool) -> None:
    def answer(_: Body, number: int) -> web.Response:
        body = chat("fine").body
        assert isinstance(body, bytes)
        response = web.Response(body=gzip.compress(body))
        if is_chunked:
            response.enable_chunked_encoding()
        return response

    async with own_server(answer) as own:
        outcome = await own.lane.send(ask())

    assert isinstance(outcome, Completed)
    assert len(own.calls) == 1


async def test_reply_that_is_packed_as_nobody_asked_is_named_as_such() -> None:
    def answer(_: Body, number: int) -> web.Response:
        return packed(b"(\xb5/\xfd", "zstd") if number > 1 else chat("fine")

    async with own_server(answer) as own:
        await own.lane.send(ask("first"))
        end = await own.lane.send(ask("packed"))

    assert isinstance(end, Failed)
    assert "packed as zstd, which was not asked for" in end.message
    assert end.raw == b"(\xb5/\xfd"


async def test_reply_that_nobody_can_read_is_settled_with_its_bytes_after_one_more_try() -> None:
    raw = b'{"choices": [{"message": {"content": "\xff'

    async with own_server(lambda *_: web.Response(body=raw)) as own:
        outcome = await own.lane.send(ask())

    assert isinstance(outcome, Failed)
    assert (outcome.code, outcome.raw, outcome.attempts) == ("malformed_reply", raw, 2)


async def test_usage_of_a_reply_without_choices_is_paid() -> None:
    async with own_server(lambda *_: as_json(NO_CHOICES)) as own:
        outcome = await own.lane.send(ask())

    assert isinstance(outcome, Failed)
    assert (outcome.usage.prompt_tokens, outcome.usage.completion_tokens) == (14, 6)
    assert outcome.reply == NO_CHOICES


@pytest.mark.parametrize(
    "pack",
    [
        lambda body: web.Response(body=body),
        lambda body: web.Response(body=gzip.compress(body), headers={"Content-Encoding": "gzip"}),
        lambda body: web.Response(
            body=zlib.compress(body), headers={"Content-Encoding": "deflate"}
        ),
    ],
)
async def test_reply_is_limited_in_size_also_unpacked(
    pack: Callable[[bytes], web.Response],
) -> None:
    def answer(body: Body, number: int) -> web.Response:
        size = 3_000_000 if name_of(body) == "large" else 100
        message = {"content": "x" * size}
        return pack(orjson.dumps({"choices": [{"message": message}], "usage": {}}))

    async with own_server(answer, max_reply_mb=1.0) as own:
        large, small = [await own.lane.send(ask(name)) for name in ("large", "small")]

    assert isinstance(large, Failed)
    assert (large.code, own.sent("large")) == ("reply_too_large", 1)
    assert "limits.max_reply_mb" in large.message
    assert isinstance(small, Completed)


async def test_words_of_the_server_reach_nobody_with_control_sequences_in_them() -> None:
    words = "bad \x1b]0;title\x07\x1b[31mred\x9b2J\u202e end"

    async with own_server(
        lambda *_: as_json({"error": {"message": words, "code": words}}, 400)
    ) as own:
        outcome = await own.lane.send(ask())

    assert isinstance(outcome, Failed)
    assert (outcome.message + outcome.code).isprintable()
    assert "bad red" in outcome.message


async def test_no_more_are_in_flight_than_allowed_whatever_their_model() -> None:
    in_flight, most = 0, 0

    async def answer(body: Body, number: int) -> web.Response:
        nonlocal in_flight, most
        in_flight += 1
        most = max(most, in_flight)
        await asyncio.sleep(0.02)
        in_flight -= 1
        return chat("x")

    async with own_server(answer, max_in_flight=4, requests_per_minute=60_000) as own:
        requests = [ask(f"r{number}") for number in range(40)]
        models = ["a", "b", "c", "d"]
        await asyncio.gather(
            *(
                own.lane.send(replace(request, model=models[number % 4]))
                for number, request in enumerate(requests)
            )
        )

    assert most == 4


async def test_lanes_of_one_process_share_what_may_be_in_flight() -> None:
    in_flight, most = 0, 0

    async def answer(body: Body, number: int) -> web.Response:
        nonlocal in_flight, most
        in_flight += 1
        most = max(most, in_flight)
        await asyncio.sleep(0.02)
        in_flight -= 1
        return chat("x")

    async with (
        own_server(answer, max_in_flight=4, requests_per_minute=60_000) as one,
        own_server(answer, max_in_flight=4, requests_per_minute=60_000) as two,
    ):
        two.lane.share_room(one.lane)
        await asyncio.gather(
            *(own.lane.send(ask(f"r{n}")) for n in range(20) for own in (one, two))
        )

    assert most == 4
