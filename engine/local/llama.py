"""llama.cpp's own server in this process, on loopback, behind a key."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

if TYPE_CHECKING:
    import xllamacpp  # type: ignore[import-untyped]

SLOT_COUNT = 1
PROMPT_CACHE_MIB = 128  # a dozen prompts; llama.cpp would let it grow by 10 MB a prompt to 8 GB


@dataclass(frozen=True, slots=True)
class LlamaOrder:
    """What is served. `adapter_path` empty: none; else requests say how much of it they want.

    `temperature` is that of requests which name none; None: llama.cpp's own.
    """

    model_path: str
    model_name: str
    context_tokens: int
    adapter_path: str = ""
    temperature: float | None = None


def start_llama(order: LlamaOrder, api_key: str) -> "xllamacpp.Server":
    """Start it; it runs in threads of this process."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = order.model_path
    params.model_alias = {order.model_name}
    params.api_keys = [api_key]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = order.context_tokens
    params.n_parallel = SLOT_COUNT
    params.cache_ram_mib = PROMPT_CACHE_MIB
    params.cpuparams.n_threads = 1  # more are slower as soon as another core is busy
    params.cpuparams_batch.n_threads = 1
    params.verbosity = -1
    params.enable_reasoning = 0  # what is limited to some tokens must not spend them on thoughts
    if order.temperature is not None:
        params.sampling.temp = order.temperature
    if order.adapter_path:
        adapter = xllamacpp.CommonAdapterLoraInfo()
        adapter.path = order.adapter_path
        adapter.scale = 1.0
        params.lora_adapters = [adapter]
    return xllamacpp.Server(params)


@dataclass(frozen=True, slots=True)
class Llama:
    """A running one, and how it is reached."""

    url: str
    api_key: str
    session: aiohttp.ClientSession

    async def forward(self, path: str, body: bytes) -> web.Response:
        """Its reply to a POST, as it is."""
        headers = {
            "Authorization": f"Bearer {self.api_key}",
            "Content-Type": "application/json",
        }
        async with self.session.post(f"{self.url}{path}", data=body, headers=headers) as reply:
            return web.Response(
                status=reply.status,
                body=await reply.read(),
                content_type=reply.content_type,
                charset="utf-8",
            )


class Llamas:
    """Some that serve the same model: as many replies at once, each by a core of its own."""

    def __init__(self, llamas: Iterable[Llama]) -> None:
        # the last one that was used first: what it knows of prompts is the newest
        self._free = asyncio.LifoQueue[Llama]()
        for llama in llamas:
            self._free.put_nowait(llama)

    async def forward(self, path: str, body: bytes) -> web.Response:
        """The reply of the first that is free; waits for it."""
        llama = await self._free.get()
        try:
            return await llama.forward(path, body)
        finally:
            self._free.put_nowait(llama)
