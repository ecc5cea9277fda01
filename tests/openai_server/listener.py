"""The public port: it can vanish for a while and come back as the same port."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from types import TracebackType

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage

from tests.openai_server import wire

HOST = "127.0.0.1"
_BACKLOG = 4_096
_SHUTDOWN_S = 0.2  # for handlers that still run when the server ends

Handle = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Listener:
    """Serves one handler on one loopback port. Port 0: a free one, kept until the end."""

    def __init__(self, handle: Handle, port: int = 0) -> None:
        self._server = web.Server(handle, request_factory=_make_request, access_log=None)
        self._runner = web.ServerRunner(self._server, shutdown_timeout=_SHUTDOWN_S)
        self._reserved = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._wanted_port = port
        self._site: web.TCPSite | None = None

    @property
    def port(self) -> int:
        """The port it has."""
        port: int = self._reserved.getsockname()[1]
        return port

    @property
    def is_open(self) -> bool:
        """Whether it accepts connections."""
        return self._site is not None

    async def __aenter__(self) -> "Listener":
        """Take the port and listen."""
        self._reserved.bind((HOST, self._wanted_port))  # never listens: it only keeps the port
        await self._runner.setup()
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close everything; what is still being handled is cancelled."""
        await self._runner.cleanup()
        self._reserved.close()

    async def open(self) -> None:
        """Accept connections."""
        self._site = web.TCPSite(
            self._runner, HOST, self.port, backlog=_BACKLOG, reuse_address=True
        )
        await self._site.start()

    async def vanish(self) -> None:
        """Refuse new connections and reset the open ones; what is handled goes on unheard."""
        if self._site is not None:
            await self._site.stop()
            self._site = None
        for connection in self._server.connections:
            wire.abort(connection.transport)
        await asyncio.sleep(0)


def _make_request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: web.RequestHandler,
    writer: AbstractStreamWriter,
    task: "asyncio.Task[None]",
) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=0)
