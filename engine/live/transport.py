"""One attempt over HTTP: bytes out, status, headers and bytes back."""

import asyncio
import errno
from typing import NamedTuple, Protocol

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from engine.errors import (
    CONNECTION_LOST,
    TIMEOUT,
    EngineError,
    FatalError,
    NeverSentError,
    OverloadError,
    StorageError,
    TransientError,
)
from engine.live.deadlines import Deadlines
from engine.live.lenient_heads import MAX_HEAD_BYTES, MendingConnector
from engine.live.reply_bodies import fits_as_it_is, read_body, read_plain_body
from engine.wire.endpoints import Endpoint
from engine.wire.replies.responses import HttpResponse
from engine.wire.server_text import scrub
from schemas.requests import Url

MAX_CONNECT_S = 30.0
KEEPALIVE_S = 30.0
DNS_CACHE_S = 300
MAX_HEAD_LINES = 500
MAX_REPLY_BYTES = 64 << 20
SLOW_TIMEOUT_S = 900.0  # of a reply by flex (OpenAI guide on flex processing)
HEADERS = {  # all that are sent: none is left for aiohttp to add to each request
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Content-Type": "application/json",
    "User-Agent": "corpus-distill",
}


class Transport(Protocol):
    """Makes one attempt. It never sleeps, retries or writes files."""

    async def post(
        self, endpoint: Endpoint, url: Url, payload: bytes, *, is_slow: bool = False
    ) -> HttpResponse:
        """Send `payload` and return the answer, an error's too; `is_slow`: it may take long.

        Raises:
            NeverSentError: no connection came about, so nothing was counted or billed.
            TransientError: there was no whole response.
            FatalError: there will never be one.
        """
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...


class HttpTransport:
    """One aiohttp session for all endpoints; connections are kept and not limited in number.

    A response takes at most `timeout_s`, or `slow_timeout_s` if it is a slow one, and
    `max_reply_bytes`. Lines of its head that HTTP does not allow are ignored.
    """

    def __init__(
        self,
        *,
        timeout_s: float,
        slow_timeout_s: float = SLOW_TIMEOUT_S,
        max_reply_bytes: int = MAX_REPLY_BYTES,
    ) -> None:
        self._connect_timeout_s = min(timeout_s, MAX_CONNECT_S)
        self._session = self._open_session()
        self._max_reply_bytes = max_reply_bytes
        self._deadlines = Deadlines(timeout_s)
        self._slow_deadlines = Deadlines(max(timeout_s, slow_timeout_s))
        self._targets: dict[tuple[int, Url], _Target] = {}  # to hash an endpoint takes longer

    async def post(
        self, endpoint: Endpoint, url: Url, payload: bytes, *, is_slow: bool = False
    ) -> HttpResponse:
        """Send `payload`; redirects are not followed.

        Raises what `Transport.post` raises, and RequestError for a reply that is too large.
        aiohttp's errors are not chained: some of them carry the request's headers, so the key.
        """
        target = self._targets.get((id(endpoint), url)) or self._add_target(endpoint, url)
        task = asyncio.current_task()
        assert task is not None
        deadlines = self._slow_deadlines if is_slow else self._deadlines
        deadlines.start(task)
        try:
            async with self._session.post(
                target.address,
                data=payload,
                headers=target.headers,
                allow_redirects=False,
                proxy=target.proxy,
                proxy_headers=target.proxy_headers,
            ) as response:
                if fits_as_it_is(response, self._max_reply_bytes):
                    body = await read_plain_body(response, self._max_reply_bytes)
                else:
                    body = await read_body(response, self._max_reply_bytes)
                return HttpResponse(response.status, response.headers, body)
        except asyncio.CancelledError:
            if not deadlines.end(task):
                raise
            message = f"{endpoint.base_url}: no answer within {deadlines.timeout_s:g} s"
            raise OverloadError(message, code=TIMEOUT) from None
        except (aiohttp.ClientError, OSError) as error:
            raise _translate(error, endpoint) from None
        finally:
            deadlines.end(task)

    async def aclose(self) -> None:
        """Close all connections."""
        self._deadlines.close()
        self._slow_deadlines.close()
        await self._session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=MendingConnector(
                limit=0, ttl_dns_cache=DNS_CACHE_S, keepalive_timeout=KEEPALIVE_S
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # it would unpack without a limit
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._connect_timeout_s),
            max_line_size=MAX_HEAD_BYTES,
            max_field_size=MAX_HEAD_BYTES,
            max_headers=MAX_HEAD_LINES,
        )

    def _add_target(self, endpoint: Endpoint, url: Url) -> "_Target":
        headers = CIMultiDict(HEADERS)  # aiohttp's own type: a dict it would convert each time
        headers.update(endpoint.key_headers())
        headers.update(endpoint.account.headers())
        proxy = URL(endpoint.proxy) if endpoint.proxy else None
        to_proxy: dict[str, str] = {}
        if proxy is not None and proxy.user is not None:
            login = aiohttp.encode_basic_auth(proxy.user, proxy.password or "")
            to_proxy, proxy = {"Proxy-Authorization": login}, proxy.with_user(None)
            if not endpoint.base_url.startswith("https:"):  # no tunnel: it reads the request itself
                headers.update(to_proxy)
        address = URL(endpoint.address(url))
        target = _Target(address, headers, proxy, to_proxy, endpoint)
        self._targets[id(endpoint), url] = target
        return target


class _Target(NamedTuple):
    address: URL
    headers: CIMultiDict[str]
    proxy: URL | None
    proxy_headers: dict[str, str]
    endpoint: Endpoint  # is kept, so that its id stays its own


def _translate(error: Exception, endpoint: Endpoint) -> EngineError:
    text = f"{endpoint.base_url}: {scrub(str(error) or type(error).__name__, endpoint)}"
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return StorageError(f"{text}; lower --max-in-flight, or raise the limit (ulimit -n)")
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return FatalError(text)
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return NeverSentError(text)
    return TransientError(text, code=CONNECTION_LOST)
