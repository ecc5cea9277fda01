"""One call to a server beside the lane: nothing is retried, nothing is kept."""

import aiohttp
from aiohttp.helpers import strip_auth_from_url
from yarl import URL

from engine.live.reply_bodies import read_body
from engine.wire.endpoints import Endpoint
from engine.wire.replies.responses import HttpResponse

MAX_BYTES = 1 << 24


async def call_once(
    endpoint: Endpoint, address: str, payload: bytes | None = None, *, timeout_s: float
) -> HttpResponse:
    """GET `address` of a server, or POST `payload` to it; whatever it answers.

    Raises:
        aiohttp.ClientError, OSError, RequestError: no whole response came.
    """
    headers = {"Accept": "application/json", "User-Agent": "corpus-distill"}
    headers.update(endpoint.key_headers())
    if payload is not None:
        headers["Content-Type"] = "application/json"
    headers.update(endpoint.account.headers())
    proxy, proxy_auth = strip_auth_from_url(URL(endpoint.proxy)) if endpoint.proxy else (None, None)
    timeout = aiohttp.ClientTimeout(total=timeout_s)
    async with (
        aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session,
        session.request(
            "GET" if payload is None else "POST",
            URL(address, encoded=True),
            data=payload,
            headers=headers,
            allow_redirects=False,
            proxy=proxy,
            proxy_auth=proxy_auth,
        ) as response,
    ):
        return HttpResponse(response.status, response.headers, await read_body(response, MAX_BYTES))
