import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import aiohttp

from engine.local.llama import Llama, Llamas


class Reply:
    status = 200
    content_type = "application/json"

    async def read(self) -> bytes:
        return b"{}"


class HeldSession:
    """Notes which server a call goes to; replies once `release` is set."""

    def __init__(self) -> None:
        self.called: list[str] = []
        self.release = asyncio.Event()

    @asynccontextmanager
    async def post(self, url: str, *, data: bytes, headers: dict[str, str]) -> AsyncIterator[Reply]:
        self.called.append(url)
        await self.release.wait()
        yield Reply()


def make_llamas(session: HeldSession) -> Llamas:
    held = cast("aiohttp.ClientSession", session)
    return Llamas(Llama(url, "key", held) for url in ("http://one", "http://two"))


async def test_calls_at_once_go_to_different_servers_and_more_wait() -> None:
    session = HeldSession()
    llamas = make_llamas(session)

    async with asyncio.TaskGroup() as calls:
        tasks = [calls.create_task(llamas.forward("/chat", b"{}")) for _ in range(3)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        at_once = list(session.called)
        session.release.set()

    assert sorted(at_once) == ["http://one/chat", "http://two/chat"]
    assert [task.result().status for task in tasks] == [200, 200, 200]


async def test_one_call_after_the_other_goes_to_the_server_that_knows_the_last() -> None:
    session = HeldSession()
    session.release.set()
    llamas = make_llamas(session)

    for _ in range(3):
        await llamas.forward("/chat", b"{}")

    assert len(set(session.called)) == 1


async def test_a_call_that_is_given_up_leaves_its_server_free() -> None:
    session = HeldSession()
    llamas = make_llamas(session)
    given_up = [asyncio.create_task(llamas.forward("/chat", b"{}")) for _ in range(2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    for task in given_up:
        task.cancel()
    await asyncio.gather(*given_up, return_exceptions=True)
    session.release.set()
    reply = await llamas.forward("/chat", b"{}")

    assert reply.status == 200
    assert len(session.called) == 3
