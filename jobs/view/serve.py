"""Serves the page on this machine until it is stopped."""

import asyncio
import contextlib
import signal
import webbrowser

from aiohttp import web

from engine.errors import ConfigError
from jobs.view.guard import LOOPBACK
from jobs.view.server import PageOrder, make_app


async def serve_page(order: PageOrder, *, port: int, opens_browser: bool) -> None:
    """Print the address with its token, and serve it until SIGINT or SIGTERM.

    Raises:
        ConfigError: the port is taken.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stopped.set)
    runner = web.AppRunner(make_app(order), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, LOOPBACK, port)
        try:
            await site.start()
        except OSError as error:
            raise ConfigError(
                f"--port {port}: cannot be listened at ({error.strerror}); give another, or 0"
            ) from error
        (_, bound, *_rest) = runner.addresses[0]
        address = f"http://{LOOPBACK}:{bound}/?token={order.token}"
        print(f"open {address}", flush=True)  # noqa: T201
        print("Ctrl+C ends it", flush=True)  # noqa: T201
        if opens_browser:
            with contextlib.suppress(webbrowser.Error):
                await asyncio.to_thread(webbrowser.open, address)
        await stopped.wait()
    finally:
        await runner.cleanup()
