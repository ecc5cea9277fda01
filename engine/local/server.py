"""The child process of `LocalModel`: chat completions and embeddings on one loopback port."""

import asyncio
import base64
import os
import secrets
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TextIO

import aiohttp
import orjson
from aiohttp import web

from engine.local.child_side import (
    MAX_BODY_BYTES,
    end_with_parent,
    error_reply,
    json_reply,
    key_check,
    models_reply,
    parse_body,
    serve_on_loopback,
    take_stdout,
    wrong_model_reply,
)
from engine.local.embedder import Embedder, Vector
from engine.local.llama import Llama, LlamaOrder, Llamas, start_llama

CONTEXT_TOKENS = 8192
MOST_LLAMAS = 2  # as many requests as are in flight (limits.max_in_flight of provider local)


@dataclass(frozen=True, slots=True)
class Introduction:
    """What the parent says first, as one JSON line on standard input."""

    api_key: str
    chat_model: str
    embedding_model: str
    chat_model_path: str
    embedding_model_path: str
    tokenizer_path: str


class Front:
    """Answers embeddings itself, forwards chat to llama.cpp, and refuses calls without the key."""

    def __init__(self, introduction: Introduction, *, embedder: Embedder, llamas: Llamas) -> None:
        self._names = introduction
        self._embedder = embedder
        self._embedding_thread = ThreadPoolExecutor(max_workers=1)
        self._llamas = llamas

    def app(self) -> web.Application:
        """The routes, all behind the key."""
        app = web.Application(
            client_max_size=MAX_BODY_BYTES, middlewares=[key_check(self._names.api_key)]
        )
        app.router.add_get("/v1/models", self._list_models)
        app.router.add_post("/v1/chat/completions", self._complete_chat)
        app.router.add_post("/v1/embeddings", self._create_embeddings)
        return app

    async def _list_models(self, _request: web.Request) -> web.StreamResponse:
        return models_reply([self._names.chat_model, self._names.embedding_model])

    async def _complete_chat(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        body = parse_body(raw)
        if body is None or body.get("model") != self._names.chat_model:
            return wrong_model_reply(body, self._names.chat_model)
        return await self._llamas.forward("/v1/chat/completions", raw)

    async def _create_embeddings(self, request: web.Request) -> web.StreamResponse:
        body = parse_body(await request.read())
        if body is None or body.get("model") != self._names.embedding_model:
            return wrong_model_reply(body, self._names.embedding_model)
        texts = _texts(body.get("input"))
        if texts is None:
            return error_reply(400, "invalid_value", "input: expected a text or a list of texts")
        loop = asyncio.get_running_loop()
        results = [
            await loop.run_in_executor(self._embedding_thread, self._embedder.embed, text)
            for text in texts
        ]
        as_base64 = body.get("encoding_format") == "base64"
        token_count = sum(count for _, count in results)
        data = [
            {"object": "embedding", "index": index, "embedding": _wire(vector, as_base64)}
            for index, (vector, _) in enumerate(results)
        ]
        return json_reply(
            {
                "object": "list",
                "model": self._names.embedding_model,
                "data": data,
                "usage": {"prompt_tokens": token_count, "total_tokens": token_count},
            }
        )


def main() -> None:
    """Serve until standard input ends (the parent is gone) or a signal ends this process."""
    parent = take_stdout()
    introduction = Introduction(**orjson.loads(sys.stdin.buffer.readline()))
    end_with_parent()
    asyncio.run(_serve(introduction, parent))


async def _serve(introduction: Introduction, parent: TextIO) -> None:
    key = secrets.token_urlsafe(32)
    order = LlamaOrder(introduction.chat_model_path, introduction.chat_model, CONTEXT_TOKENS)
    servers = [start_llama(order, key) for _ in range(min(os.cpu_count() or 1, MOST_LLAMAS))]
    embedder = Embedder(introduction.embedding_model_path, introduction.tokenizer_path)
    no_limit = aiohttp.ClientTimeout(total=None)  # the caller's own timeout ends the call
    async with aiohttp.ClientSession(timeout=no_limit) as session:
        llamas = Llamas(Llama(each.listening_address, key, session) for each in servers)
        front = Front(introduction, embedder=embedder, llamas=llamas)
        await serve_on_loopback(front.app(), parent)
        await asyncio.Event().wait()


def _texts(value: object) -> list[str] | None:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts:
        return None
    return texts if all(isinstance(text, str) and text for text in texts) else None


def _wire(vector: Vector, as_base64: bool) -> str | list[float]:
    return base64.b64encode(vector.tobytes()).decode() if as_base64 else vector.tolist()


if __name__ == "__main__":
    main()
