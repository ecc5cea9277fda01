"""A headless Chromium, driven over its DevTools protocol, for the checks of pages."""

# One browser, one page, nothing else to do meanwhile: waiting may poll, and files may block.
# ruff: noqa: ASYNC110, ASYNC240

import asyncio
import base64
import itertools
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp

PHONE, DESKTOP = (390, 844), (1200, 900)
START_S = 20.0


class Browser:
    """One page of a headless Chromium, driven over its DevTools protocol."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self.events: list[dict[str, Any]] = []

    async def call(self, method: str, **params: object) -> dict[str, Any]:
        """Call a DevTools method; events that come meanwhile are kept."""
        call_id = next(self._ids)
        await self._socket.send_json({"id": call_id, "method": method, "params": params})
        while True:
            message = await self._socket.receive_json()
            if message.get("id") != call_id:
                self.events.append(message)
            elif "error" in message:
                raise RuntimeError(f"{method}: {message['error']}")
            else:
                return dict(message["result"])

    async def evaluate(self, expression: str) -> Any:  # noqa: ANN401
        """The value of a JavaScript expression in the page, or the text of what it threw."""
        params = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        result = await self.call("Runtime.evaluate", **params)
        if "exceptionDetails" in result:
            return result["exceptionDetails"]["exception"]["description"]
        return result["result"].get("value")

    async def open(self, url: str) -> float:
        """Open a page; returns the seconds until it was there in full."""
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.call(f"{domain}.enable")
        began_s = time.monotonic()
        await self.call("Page.navigate", url=url)
        while await self.evaluate("document.readyState") != "complete":
            await asyncio.sleep(0.02)
        return time.monotonic() - began_s

    async def resize(self, size: tuple[int, int]) -> None:
        """Make the window as large as this."""
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self.call("Emulation.setDeviceMetricsOverride", **metrics)

    async def paint(self, theme: str, path: Path) -> str:
        """Set the system's theme, keep a picture, return the colour of the paper."""
        features = [{"name": "prefers-color-scheme", "value": theme}]
        await self.call("Emulation.setEmulatedMedia", features=features)
        shot = await self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))
        return str(await self.evaluate("getComputedStyle(document.body).backgroundColor"))


class Checks:
    """Prints each check and remembers whether one failed."""

    def __init__(self) -> None:
        self.failed_count = 0

    def check(self, claim: str, is_true: bool, found: object = "") -> None:
        """Print whether the claim held, and what was found."""
        self.failed_count += not is_true
        print(f"{'ok  ' if is_true else 'FAIL'} {claim}{f': {found}' if found != '' else ''}")


def screenshots_dir(work_dir: Path) -> Path:
    """Where pictures go: the folder that SCREENSHOTS names, or `work_dir`."""
    shots_dir = Path(os.environ.get("SCREENSHOTS", work_dir))
    shots_dir.mkdir(parents=True, exist_ok=True)
    return shots_dir


async def drive(binary: str, work_dir: Path, use: Callable[[Browser], Awaitable[int]]) -> int:
    """Start Chromium, use its page, end Chromium; returns what `use` returns."""
    profile_dir = work_dir / "profile"
    process = await asyncio.create_subprocess_exec(
        binary,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--remote-debugging-port=0",
        f"--user-data-dir={profile_dir}",
        "about:blank",
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        port = await _read_port(profile_dir / "DevToolsActivePort")
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as response:
                pages = [page for page in await response.json() if page["type"] == "page"]
            url = pages[0]["webSocketDebuggerUrl"]
            async with session.ws_connect(url, max_msg_size=0) as socket:
                return await use(Browser(socket))
    finally:
        process.terminate()
        await process.wait()


async def _read_port(path: Path) -> int:
    async with asyncio.timeout(START_S):
        while not path.exists() or not path.read_text():
            await asyncio.sleep(0.05)
    return int(path.read_text().split()[0])
