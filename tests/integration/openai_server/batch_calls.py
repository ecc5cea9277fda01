"""What tests of the Batch API do again and again, by the official client."""

import asyncio
from collections.abc import Sequence
from typing import Any

import openai
import orjson
from openai.types import Batch

from tests.openai_server import OpenAIServer

CHAT: Any = "/v1/chat/completions"
ENDED = ("completed", "failed", "expired", "cancelled")


def body(text: str, model: str = "gpt-6-luna", **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


def line(name: str, **changes: Any) -> bytes:
    request = {"custom_id": name, "method": "POST", "url": CHAT, "body": body(name)}
    return orjson.dumps({**request, **changes}) + b"\n"


def lines(count: int) -> bytes:
    return b"".join(line(f"r{number}") for number in range(count))


async def create(
    client: openai.AsyncOpenAI, content: bytes, endpoint: Any = CHAT, **more: Any
) -> Batch:
    file = await client.files.create(file=("in.jsonl", content), purpose="batch")
    return await client.batches.create(
        input_file_id=file.id, endpoint=endpoint, completion_window="24h", **more
    )


async def wait_for(client: openai.AsyncOpenAI, batch: Batch, *statuses: str) -> Batch:
    async with asyncio.timeout(10):
        while batch.status not in statuses:
            await asyncio.sleep(0.01)
            batch = await client.batches.retrieve(batch.id)
    return batch


async def follow(server: OpenAIServer, **rules: Any) -> None:
    await server.configure(server.config.changed({"batches": rules}))


async def end(client: openai.AsyncOpenAI, batch: Batch) -> Batch:
    return await wait_for(client, batch, *ENDED)


async def run(client: openai.AsyncOpenAI, content: bytes, endpoint: Any = CHAT) -> Batch:
    return await end(client, await create(client, content, endpoint))


async def rows(client: openai.AsyncOpenAI, file_id: str | None) -> list[dict[str, Any]]:
    if not file_id:
        return []
    content = (await client.files.content(file_id)).content
    return [orjson.loads(each) for each in content.splitlines()]


def counts(batch: Batch) -> tuple[int, int, int]:
    assert batch.request_counts is not None
    return (
        batch.request_counts.total,
        batch.request_counts.completed,
        batch.request_counts.failed,
    )


def ids(answers: Sequence[dict[str, Any]]) -> list[str]:
    return [answer["custom_id"] for answer in answers]
