"""The child process of `StudentModel`: chat completions of several students on one port."""

import asyncio
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

import aiohttp
import orjson
from aiohttp import web

from engine.local.child_side import (
    MAX_BODY_BYTES,
    end_with_parent,
    error_reply,
    key_check,
    models_reply,
    parse_body,
    serve_on_loopback,
    take_stdout,
    wrong_model_reply,
)
from engine.local.llama import Llama, LlamaOrder, start_llama

OWN_CALLS = ("apply-template", "tokenize", "completion")  # of llama.cpp's server


@dataclass(frozen=True, slots=True)
class StudentOrder:
    """A student as the parent names it; paths are empty where there is none."""

    name: str
    model_path: str
    adapter_path: str
    context_tokens: int


@dataclass(frozen=True, slots=True)
class AdapterRoute:
    """Where a student is asked, and how much of the adapter it has there; None: there is none."""

    llama: Llama
    adapter_scale: float | None

    def body(self, given: dict[str, object]) -> bytes:
        """The body for llama.cpp."""
        if self.adapter_scale is not None:
            given = {**given, "lora": [{"id": 0, "scale": self.adapter_scale}]}
        return orjson.dumps(given)


class StudentFront:
    """Takes each call to the llama.cpp that its model is served by."""

    def __init__(self, routes: Mapping[str, AdapterRoute], api_key: str) -> None:
        self._routes = routes
        self._api_key = api_key

    def app(self) -> web.Application:
        """The routes, all behind the key."""
        app = web.Application(
            client_max_size=MAX_BODY_BYTES, middlewares=[key_check(self._api_key)]
        )
        app.router.add_get("/v1/models", self._list_models)
        app.router.add_post("/v1/chat/completions", self._complete_chat)
        app.router.add_post("/v1/llama/{name}/{call}", self._call_llama)
        return app

    async def _list_models(self, _request: web.Request) -> web.StreamResponse:
        return models_reply(list(self._routes))

    async def _complete_chat(self, request: web.Request) -> web.StreamResponse:
        body = parse_body(await request.read())
        route = self._routes.get(str(body.get("model"))) if body is not None else None
        if body is None or route is None:
            return wrong_model_reply(body, " or ".join(self._routes))
        return await route.llama.forward("/v1/chat/completions", route.body(body))

    async def _call_llama(self, request: web.Request) -> web.StreamResponse:
        name, call = request.match_info["name"], request.match_info["call"]
        body, route = parse_body(await request.read()), self._routes.get(name)
        if body is None or route is None or call not in OWN_CALLS:
            return error_reply(404, "not_found", f"there is no {call} of {name}")
        return await route.llama.forward(f"/{call}", route.body(body))


def main() -> None:
    """Serve until standard input ends (the parent is gone) or a signal ends this process."""
    parent = take_stdout()
    introduction = orjson.loads(sys.stdin.buffer.readline())
    students = [StudentOrder(**each) for each in introduction["students"]]
    end_with_parent()
    asyncio.run(_serve(students, introduction["api_key"], introduction["port"], parent))


async def _serve(students: Sequence[StudentOrder], api_key: str, port: int, parent: TextIO) -> None:
    no_limit = aiohttp.ClientTimeout(total=None)  # the caller's own timeout ends the call
    async with aiohttp.ClientSession(timeout=no_limit) as session:
        servers: list[object] = []  # one ends when nothing refers to it any more
        front = StudentFront(_start_all(students, session, servers), api_key)
        await serve_on_loopback(front.app(), parent, port=port)
        await asyncio.Event().wait()


def _start_all(
    students: Sequence[StudentOrder], session: aiohttp.ClientSession, servers: list[object]
) -> dict[str, AdapterRoute]:
    """One llama.cpp for each file; each is put into `servers`, where it must stay."""
    adapters = {each.model_path: each.adapter_path for each in students if each.adapter_path}
    started: dict[str, Llama] = {}
    routes: dict[str, AdapterRoute] = {}
    for each in students:
        adapter = adapters.get(each.model_path, "")
        if each.model_path not in started:
            key = secrets.token_urlsafe(32)
            order = LlamaOrder(
                each.model_path, each.name, each.context_tokens, adapter, temperature=0.0
            )
            server = start_llama(order, key)
            servers.append(server)
            started[each.model_path] = Llama(server.listening_address, key, session)
        scale = None if not adapter else float(bool(each.adapter_path))
        routes[each.name] = AdapterRoute(started[each.model_path], scale)
    return routes


if __name__ == "__main__":
    main()
