"""Both lanes go the same way: account, proxy, and no redirect, over real sockets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.clock import SystemClock
from engine.errors import FatalError
from engine.live.transport import HttpTransport
from engine.wire.endpoints import Endpoint, Payer
from engine.wire.sdk.client import open_client, translated, upload_file
from schemas.requests import CHAT_COMPLETIONS

ACCOUNT = Payer("org-1", "proj-1")


class Seen(NamedTuple):
    port: int
    requests: list[web.Request]

    def headers(self, name: str) -> list[str | None]:
        return [request.headers.get(name) for request in self.requests]


@asynccontextmanager
async def server(location: str | None = None) -> AsyncIterator[Seen]:
    """Answers every call with a file's description, or redirects it."""
    seen: list[web.Request] = []

    async def handle(request: web.Request) -> web.Response:
        await request.read()
        seen.append(request)
        if location is not None:
            return web.Response(status=307, headers={"Location": location})
        file = {"id": "file-1", "object": "file", "bytes": 1, "created_at": 1, "filename": "x"}
        return web.json_response({**file, "purpose": "batch", "status": "processed"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    async with TestServer(app) as running:
        assert running.port is not None
        yield Seen(running.port, seen)


async def call_both(endpoint: Endpoint, folder: Path) -> None:
    """One call of the live lane and one slow call."""
    transport = HttpTransport(timeout_s=5.0)
    try:
        await transport.post(endpoint, CHAT_COMPLETIONS, b"{}")
    finally:
        await transport.aclose()
    await upload(endpoint, folder)


async def upload(endpoint: Endpoint, folder: Path) -> None:
    path = folder / "prompts.jsonl"
    path.write_bytes(b"{}\n")
    async with open_client(endpoint, timeout_s=5.0) as client:
        with translated(endpoint, SystemClock()):
            await upload_file(client, path, purpose="batch", name="b.jsonl")


async def test_account_is_named_in_both_lanes_whatever_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-somebody-else")
    async with server() as seen:
        url = f"http://127.0.0.1:{seen.port}/v1"
        await call_both(Endpoint(url, "k", account=ACCOUNT), tmp_path)
        await call_both(Endpoint(url, "k"), tmp_path)

    assert seen.headers("OpenAI-Organization") == ["org-1", "org-1", None, None]
    assert seen.headers("OpenAI-Project") == ["proj-1", "proj-1", None, None]


async def test_proxy_is_used_in_both_lanes_and_its_password_goes_to_it_alone(
    tmp_path: Path,
) -> None:
    async with server() as proxy:
        address = f"http://me:hush@127.0.0.1:{proxy.port}"
        endpoint = Endpoint("http://provider.invalid/v1", "k", proxy=address)
        await call_both(endpoint, tmp_path)

    assert [request.host for request in proxy.requests] == ["provider.invalid"] * 2
    assert all(value is not None for value in proxy.headers("Proxy-Authorization"))
    assert "hush" not in repr(endpoint)


async def test_slow_call_follows_no_redirect_with_a_file_of_prompts(tmp_path: Path) -> None:
    async with server() as other, server(f"http://127.0.0.1:{other.port}/v1/files") as first:
        endpoint = Endpoint(f"http://127.0.0.1:{first.port}/v1", "k")
        with pytest.raises(FatalError, match="set base_url to the final address"):
            await upload(endpoint, tmp_path)

    assert other.requests == []


async def test_key_in_a_header_of_its_own_is_in_no_other_in_both_lanes(tmp_path: Path) -> None:
    path = tmp_path / "input.jsonl"
    path.write_bytes(b"{}\n")
    async with server() as seen:
        endpoint = Endpoint(f"http://127.0.0.1:{seen.port}/v1", "the-key", key_header="api-key")
        transport = HttpTransport(timeout_s=5.0)
        await transport.post(endpoint, CHAT_COMPLETIONS, b"{}")
        await transport.aclose()
        async with open_client(endpoint, timeout_s=5.0) as client:
            await upload_file(client, path, purpose="batch", name="n.jsonl")

    assert seen.headers("api-key") == ["the-key"] * 2
    assert seen.headers("Authorization") == [None] * 2
