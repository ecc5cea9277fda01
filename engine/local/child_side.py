"""What the servers in child processes have in common: their end, their key, their replies."""

import hmac
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TextIO

import orjson
from aiohttp import web
from aiohttp.typedefs import Middleware

MAX_BODY_BYTES = 16 * 1024 * 1024

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def take_stdout() -> TextIO:
    """Standard output, for us alone; what libraries print goes to the log."""
    ours = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return ours


def end_with_parent() -> None:
    """From now on, end at once when the parent is gone; llama.cpp's own shutdown can hang."""
    threading.Thread(target=_await_end, daemon=True).start()


def _await_end() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


async def serve_on_loopback(app: web.Application, parent: TextIO, *, port: int = 0) -> None:
    """Serve on a port of loopback, 0: a free one, and tell the parent the address."""
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    host, port = runner.addresses[0][:2]
    parent.write(orjson.dumps({"base_url": f"http://{host}:{port}/v1"}).decode() + "\n")
    parent.flush()


def key_check(api_key: str) -> Middleware:
    """Refuses calls without the key."""

    @web.middleware
    async def check_key(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, f"Bearer {api_key}".encode()):
            return error_reply(401, "invalid_api_key", "the key is missing or wrong")
        return await handler(request)

    return check_key


def parse_body(raw: bytes) -> dict[str, Any] | None:
    """The object in a body; None if there is none."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


def models_reply(names: list[str]) -> web.Response:
    """The list of models."""
    models = [{"id": name, "object": "model", "created": 0, "owned_by": "local"} for name in names]
    return json_reply({"object": "list", "data": models})


def wrong_model_reply(body: dict[str, Any] | None, expected: str) -> web.Response:
    """The refusal of a body that is none, or names another model."""
    if body is None:
        return error_reply(400, "invalid_json", "the body is not a JSON object")
    return error_reply(
        404, "model_not_found", f"model: expected {expected!r}, found {body.get('model')!r}"
    )


def error_reply(status: int, code: str, message: str) -> web.Response:
    """An error in the API's shape."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return json_reply({"error": error}, status=status)


def json_reply(value: object, *, status: int = 200) -> web.Response:
    """A reply in JSON."""
    return web.Response(status=status, body=orjson.dumps(value), content_type="application/json")
