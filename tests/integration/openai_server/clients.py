"""The official client before a stand-in of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import openai

from tests.openai_server import OpenAIServer, ServerConfig


@asynccontextmanager
async def served(**config: Any) -> AsyncIterator[tuple[OpenAIServer, openai.AsyncOpenAI]]:
    """A server with these entries of ServerConfig, and a client that never retries."""
    async with (
        OpenAIServer(ServerConfig(**config)) as server,
        openai.AsyncOpenAI(
            api_key=server.api_key, base_url=server.base_url, max_retries=0
        ) as client,
    ):
        yield server, client
