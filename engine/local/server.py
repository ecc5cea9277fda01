"""The child process of `LocalModel`: chat completions and embeddings on one loopback port."""

import asyncio
import base64
import hmac
import os
import secrets
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

import aiohttp
import orjson
from aiohttp import web

from engine.local.embedder import Embedder, Vector

if TYPE_CHECKING:
    import xllamacpp  # type: ignore[import-untyped]

CONTEXT_TOKENS = 8192
SLOT_COUNT = 1
PROMPT_CACHE_MIB = 128  # a dozen prompts; llama.cpp would let it grow by 10 MB a prompt to 8 GB
MAX_BODY_BYTES = 16 * 1024 * 1024

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


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

    def __init__(
        self,
        introduction: Introduction,
        *,
        embedder: Embedder,
        llama_url: str,
        llama_key: str,
        session: aiohttp.ClientSession,
    ) -> None:
        self._names = introduction
        self._embedder = embedder
        self._embedding_thread = ThreadPoolExecutor(max_workers=1)
        self._llama_url = llama_url
        self._llama_headers = {
            "Authorization": f"Bearer {llama_key}",
            "Content-Type": "application/json",
        }
        self._session = session

    def app(self) -> web.Application:
        """The routes, all behind the key."""
        app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[self._check_key])
        app.router.add_get("/v1/models", self._list_models)
        app.router.add_post("/v1/chat/completions", self._complete_chat)
        app.router.add_post("/v1/embeddings", self._create_embeddings)
        return app

    @web.middleware
    async def _check_key(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        expected = f"Bearer {self._names.api_key}".encode()
        given = request.headers.get("Authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, expected):
            return _error(401, "invalid_api_key", "the key is missing or wrong")
        return await handler(request)

    async def _list_models(self, _request: web.Request) -> web.StreamResponse:
        names = (self._names.chat_model, self._names.embedding_model)
        models = [
            {"id": name, "object": "model", "created": 0, "owned_by": "local"} for name in names
        ]
        return _json({"object": "list", "data": models})

    async def _complete_chat(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        body = _parse(raw)
        if body is None or body.get("model") != self._names.chat_model:
            return _wrong_model(body, self._names.chat_model)
        async with self._session.post(
            f"{self._llama_url}/v1/chat/completions", data=raw, headers=self._llama_headers
        ) as reply:
            return web.Response(
                status=reply.status,
                body=await reply.read(),
                content_type=reply.content_type,
                charset="utf-8",
            )

    async def _create_embeddings(self, request: web.Request) -> web.StreamResponse:
        body = _parse(await request.read())
        if body is None or body.get("model") != self._names.embedding_model:
            return _wrong_model(body, self._names.embedding_model)
        texts = _texts(body.get("input"))
        if texts is None:
            return _error(400, "invalid_value", "input: expected a text or a list of texts")
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
        return _json(
            {
                "object": "list",
                "model": self._names.embedding_model,
                "data": data,
                "usage": {"prompt_tokens": token_count, "total_tokens": token_count},
            }
        )


def main() -> None:
    """Serve until standard input ends (the parent is gone) or a signal ends this process."""
    parent = _take_stdout()
    introduction = Introduction(**orjson.loads(sys.stdin.buffer.readline()))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    asyncio.run(_serve(introduction, parent))


async def _serve(introduction: Introduction, parent: TextIO) -> None:
    llama_key = secrets.token_urlsafe(32)
    llama = _start_llama(introduction, llama_key)
    embedder = Embedder(introduction.embedding_model_path, introduction.tokenizer_path)
    no_limit = aiohttp.ClientTimeout(total=None)  # the caller's own timeout ends the call
    async with aiohttp.ClientSession(timeout=no_limit) as session:
        front = Front(
            introduction,
            embedder=embedder,
            llama_url=llama.listening_address,
            llama_key=llama_key,
            session=session,
        )
        runner = web.AppRunner(front.app(), access_log=None, handler_cancellation=True)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        parent.write(orjson.dumps({"base_url": f"http://{host}:{port}/v1"}).decode() + "\n")
        parent.flush()
        await asyncio.Event().wait()


def _take_stdout() -> TextIO:
    """Standard output, for us alone; what libraries print goes to the log."""
    ours = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return ours


def _end_with_parent() -> None:
    """End at once when the pipe to the parent closes; llama.cpp's own shutdown can hang."""
    sys.stdin.buffer.read()
    os._exit(0)


def _start_llama(introduction: Introduction, api_key: str) -> "xllamacpp.Server":
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = introduction.chat_model_path
    params.model_alias = {introduction.chat_model}
    params.api_keys = [api_key]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = SLOT_COUNT
    params.cache_ram_mib = PROMPT_CACHE_MIB
    params.cpuparams.n_threads = 1  # more are slower as soon as another core is busy
    params.cpuparams_batch.n_threads = 1
    params.verbosity = -1
    return xllamacpp.Server(params)


def _parse(raw: bytes) -> dict[str, Any] | None:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


def _texts(value: object) -> list[str] | None:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts:
        return None
    return texts if all(isinstance(text, str) and text for text in texts) else None


def _wire(vector: Vector, as_base64: bool) -> str | list[float]:
    return base64.b64encode(vector.tobytes()).decode() if as_base64 else vector.tolist()


def _wrong_model(body: dict[str, Any] | None, expected: str) -> web.Response:
    if body is None:
        return _error(400, "invalid_json", "the body is not a JSON object")
    return _error(
        404, "model_not_found", f"model: expected {expected!r}, found {body.get('model')!r}"
    )


def _error(status: int, code: str, message: str) -> web.Response:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return _json({"error": error}, status=status)


def _json(value: object, *, status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(value), content_type="application/json")


if __name__ == "__main__":
    main()
