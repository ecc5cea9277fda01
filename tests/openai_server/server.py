"""The stand-in itself: routes, outages and the life of its two ports."""

import asyncio
import contextlib
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from aiohttp import web

from tests.openai_server import wire
from tests.openai_server.batches.api import Batches
from tests.openai_server.batches.life import BatchLives
from tests.openai_server.config import Outage, ServerConfig
from tests.openai_server.control import Control
from tests.openai_server.errors import ApiError
from tests.openai_server.ledger import Call, Ledger
from tests.openai_server.listener import HOST, Listener
from tests.openai_server.paid.api import PaidApi
from tests.openai_server.paid.calls import PaidCalls
from tests.openai_server.paid.chat import ChatCompletions
from tests.openai_server.paid.embeddings import Embeddings
from tests.openai_server.replies import Responder, default_reply, reply_with_flags
from tests.openai_server.slow.calls import SlowCalls
from tests.openai_server.slow.file_store import FileStore
from tests.openai_server.slow.files import Files
from tests.openai_server.tuning.api import FineTuning

_MODELS = "/v1/models"


class OpenAIServer:
    """A test double of the OpenAI API on loopback, an async context manager.

    The API is at `base_url`; `control_url` is another port, so that it answers in an outage too.
    All calls are in `calls`, their sums in `totals()`.
    """

    def __init__(
        self,
        config: ServerConfig | None = None,
        *,
        responder: Responder | None = None,
        port: int = 0,
    ) -> None:
        self.config = config or ServerConfig()
        usual = reply_with_flags if self.config.flags_are_0_or_1 else default_reply
        self._ledger = Ledger()
        self._paid_calls = PaidCalls(self.config, self._ledger)
        self._areas: dict[str, PaidApi] = {
            "/v1/chat/completions": ChatCompletions(responder or usual),
            "/v1/embeddings": Embeddings(),
        }
        self.files = FileStore(self.config.files)
        self.batches = self._make_batches()
        self.fine_tuning = FineTuning(self.config.fine_tuning, self.files, self._paid_calls.models)
        areas = (Files(self.files), self.batches, self.fine_tuning)
        routes = [route for area in areas for route in area.routes()]
        self.slow_calls = SlowCalls(self.config, self._paid_calls, routes)
        self._api = Listener(self._handle, port)
        self._control = Listener(Control(self, self._ledger).handle)
        self._exits = contextlib.AsyncExitStack()
        self._is_gateway_out = False
        self._outage: Outage | None = self.config.outage
        self._outage_task: asyncio.Task[None] | None = None

    @property
    def base_url(self) -> str:
        """What a client is given, `.../v1`."""
        return f"http://{HOST}:{self._api.port}/v1"

    @property
    def control_url(self) -> str:
        """Where ControlClient asks, `.../control`."""
        return f"http://{HOST}:{self._control.port}/control"

    @property
    def api_key(self) -> str:
        """The first key that is accepted."""
        return self.config.api_keys[0]

    @property
    def calls(self) -> list[Call]:
        """Every paid request so far, in order of arrival."""
        return self._ledger.calls

    def totals(self) -> dict[str, Any]:
        """Sums over all calls; see Ledger.totals."""
        return self._ledger.totals()

    async def __aenter__(self) -> "OpenAIServer":
        """Listen on both ports."""
        self._exits.callback(self.files.close)
        self._exits.push_async_callback(self.batches.close)
        self._exits.push_async_callback(self.fine_tuning.close)
        await self._exits.enter_async_context(self._api)
        await self._exits.enter_async_context(self._control)
        await self._begin_due_outage()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close both ports; nothing of it stays behind."""
        await self._end_outage()
        await self._exits.aclose()

    async def configure(self, config: ServerConfig) -> None:
        """Follow a changed configuration at once; ends an outage that it does not name."""
        is_outage_changed = config.outage != self.config.outage
        self.config = config
        self._paid_calls.configure(config)
        self.slow_calls.configure(config)
        self.files.rules = config.files
        self.batches.configure(config.batches)
        self.fine_tuning.configure(config.fine_tuning)
        if is_outage_changed:
            await self._end_outage()
            self._outage = config.outage
            await self._begin_due_outage()

    def rename(self, ids: Mapping[str, str]) -> None:
        """Know files, batches and jobs by other ids: old id to new one."""
        for area in (self.files, self.batches, self.fine_tuning):
            area.rename(ids)

    def _make_batches(self) -> Batches:
        models, bills = self._paid_calls.models, self._ledger.batches
        lives = BatchLives(self.config.batches, self.files, models, self._areas, bills)
        return Batches(lives, self.files)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if prefix := self.config.path_prefix:
            request = request.clone(
                rel_url=request.rel_url.with_path(_below(prefix, request.path), keep_query=True)
            )
        area = self._areas.get(request.path)
        route = None if area else self.slow_calls.find(request)
        raw = b"" if route else await request.read()
        await self._begin_due_outage()
        if self._is_gateway_out:
            return wire.gateway_page()
        if wire.is_gone(request):
            return web.Response()
        if route is not None:
            return await self.slow_calls.serve(request, route)
        if area is not None and request.method == "POST":
            return await self._paid_calls.serve(request, raw, area)
        return self._free_call(request)

    def _free_call(self, request: web.BaseRequest) -> web.Response:
        is_pretty = self.config.is_pretty
        try:
            self._paid_calls.check_key(request)
            page = self._models_page(request.method, request.path)
        except ApiError as error:
            body = wire.encode(error.body(), is_pretty=is_pretty)
            return wire.whole(error.status, body, error.headers)
        return wire.whole(200, wire.encode(page, is_pretty=is_pretty), {})

    def _models_page(self, method: str, path: str) -> dict[str, Any]:
        if method != "GET" or f"{path}/".partition(f"{_MODELS}/")[0]:
            raise ApiError(404, None, f"Invalid URL ({method} {path})")
        return self._paid_calls.models.page(path.removeprefix(_MODELS).removeprefix("/"))

    async def _begin_due_outage(self) -> None:
        outage = self._outage
        if outage is None or len(self.calls) < outage.after_calls:
            return
        self._outage = None
        self._is_gateway_out = outage.kind == "gateway"
        if outage.kind == "refused":
            await self._api.vanish()
        if outage.duration_s is not None:
            self._outage_task = asyncio.create_task(self._return_after(outage.duration_s))

    async def _return_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._return()

    async def _return(self) -> None:
        self._is_gateway_out = False
        if not self._api.is_open:
            await self._api.open()

    async def _end_outage(self) -> None:
        if self._outage_task is not None:
            self._outage_task.cancel()
            await asyncio.wait([self._outage_task])
            self._outage_task = None
        await self._return()


def _below(prefix: str, path: str) -> str:
    """The path without the prefix; one that does not have it leads nowhere."""
    return path.removeprefix(prefix) if path.startswith(prefix) else f"/nowhere{path}"
