"""Opens the report of a hostile run of 5,000 questions in a real Chromium, uses it, measures it.

Needs a Chromium (`apt-get install chromium`); CHROMIUM names another binary, SCREENSHOTS a folder
for what it looked like. Exits with 1 if a check fails.
"""

# One browser, one page, nothing else to do meanwhile: waiting may poll, and files may block.
# ruff: noqa: ASYNC110, ASYNC240

import asyncio
import base64
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.integration.jobs.report.report_runs import EVIDENCE, HOSTILE, write_evaluated_run

QUESTION_COUNT = 5_000
PHONE, DESKTOP = (390, 844), (1200, 900)
START_S = 20.0
LAG_MS = 500

SELECT = """(id, value) => {
  const began = performance.now();
  const element = document.getElementById(id);
  element.value = value;
  element.dispatchEvent(new Event("change", {bubbles: true}));
  document.body.offsetHeight;
  return performance.now() - began;
}"""
FOUND = "document.getElementById('found').textContent"
FIRST = "document.querySelector('#rows details')"


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

    async def open(self, path: Path) -> float:
        """Open a page; returns the seconds until it was there in full."""
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.call(f"{domain}.enable")
        began_s = time.monotonic()
        await self.call("Page.navigate", url=path.as_uri())
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


async def use_report(browser: Browser, report_path: Path, shots_dir: Path) -> int:
    """Do what a reader does; returns how many checks failed."""
    checks = Checks()
    await browser.resize(DESKTOP)
    seconds = await browser.open(report_path)
    size_mb = report_path.stat().st_size / 1e6
    found = await browser.evaluate(FOUND)
    checks.check(
        f"opens ({size_mb:.1f} MB)", found.startswith("5,000 of 5,000"), f"{seconds:.2f} s"
    )
    await _check_choices(browser, checks)
    await _check_row(browser, checks)
    await _check_safety(browser, checks, report_path)
    await _check_looks(browser, checks, shots_dir)
    return checks.failed_count


async def _check_choices(browser: Browser, checks: Checks) -> None:
    for name, value in (
        ("slice", "new_question"),
        ("order", "loss"),
        ("show", "lost"),
        ("show", "refused"),
        ("show", "all"),
        ("slice", ""),
    ):
        milliseconds = await browser.evaluate(f"({SELECT})({name!r}, {value!r})")
        found = await browser.evaluate(FOUND)
        checks.check(
            f"{name} {value or 'all'}", milliseconds < 500, f"{found}, {milliseconds:.0f} ms"
        )
    values = await browser.evaluate(
        "[...document.querySelectorAll('#rows .loss')].map((e) => e.textContent)"
    )
    losses = [float(value.replace("\N{MINUS SIGN}", "-")) for value in values]
    checks.check("biggest loss first", len(losses) == 25 and losses == sorted(losses), values[:3])
    took_ms = await browser.evaluate(
        """new Promise((resolve) => {
          const input = document.getElementById("search");
          const began = performance.now();
          new MutationObserver(() => resolve(performance.now() - began)).observe(
            document.getElementById("rows"), {childList: true});
          input.value = "QUESTION 4321?";
          input.dispatchEvent(new Event("input", {bubbles: true}));
        })"""
    )
    found = await browser.evaluate(FOUND)
    is_one = found.startswith("1 of 5,000")
    checks.check("search finds one", is_one, f"{found}, {took_ms:.0f} ms")


async def _check_row(browser: Browser, checks: Checks) -> None:
    await browser.evaluate(f"{FIRST}.querySelector('summary').click()")
    await asyncio.sleep(0.2)
    marks = await browser.evaluate(
        f"[...{FIRST}.querySelectorAll('mark')].map((e) => e.textContent)"
    )
    checks.check("the evidence is marked", marks == [EVIDENCE], marks)
    sides = await browser.evaluate(f"{FIRST}.querySelectorAll('.side p').length")
    checks.check("three answers stand side by side", sides == 3, sides)
    text = await browser.evaluate(f"{FIRST}.querySelector('.side p').textContent")
    checks.check("hostile text is shown as it is", HOSTILE in text)


async def _check_safety(browser: Browser, checks: Checks, report_path: Path) -> None:
    title = await browser.evaluate("document.title")
    checks.check("nothing of the documents ran", title.endswith(": report"), title)
    elements = await browser.evaluate(
        "document.querySelectorAll('img, script, iframe, object, [onerror], a[href^=javascript]')"
        ".length"
    )
    checks.check("no element but the page's own script and data", elements == 2, elements)
    requests = [
        event["params"]["request"]["url"]
        for event in browser.events
        if event.get("method") == "Network.requestWillBeSent"
    ]
    checks.check("nothing is loaded but the page", requests == [report_path.as_uri()], requests)
    logged = [event for event in browser.events if event.get("method") == "Log.entryAdded"]
    checks.check("the browser has nothing to complain of", not logged, logged[:2] or "")
    thrown = await browser.evaluate(f"document.body.insertAdjacentHTML('beforeend', {HOSTILE!r})")
    checks.check("markup cannot be injected", "TrustedHTML" in str(thrown), str(thrown)[:60])
    await browser.evaluate(
        "(() => { const s = document.createElement('style'); s.textContent = 'body{opacity:0}';"
        " document.head.append(s); })()"
    )
    opacity = await browser.evaluate("getComputedStyle(document.body).opacity")
    checks.check("style cannot be injected", opacity == "1", opacity)


async def _check_looks(browser: Browser, checks: Checks, shots_dir: Path) -> None:
    for name, size in (("desktop", DESKTOP), ("phone", PHONE)):
        await browser.resize(size)
        await browser.evaluate("document.getElementById('answers').scrollIntoView()")
        await browser.evaluate(f"{FIRST}.open = true")
        papers = [
            await browser.paint(theme, shots_dir / f"answers-{name}-{theme}.png")
            for theme in ("light", "dark")
        ]
        checks.check(f"{name}: light and dark differ", papers[0] != papers[1], papers)
        width = await browser.evaluate("document.documentElement.scrollWidth")
        checks.check(f"{name}: nothing is wider than the window", width <= size[0], width)
        await browser.evaluate("document.getElementById('scores').scrollIntoView()")
        await browser.paint("dark", shots_dir / f"scores-{name}-dark.png")


async def drive(binary: str, report_path: Path, work_dir: Path) -> int:
    """Start Chromium, use the report, end Chromium; returns how many checks failed."""
    shots_dir = Path(os.environ.get("SCREENSHOTS", work_dir))
    shots_dir.mkdir(parents=True, exist_ok=True)
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
                return await use_report(Browser(socket), report_path, shots_dir)
    finally:
        process.terminate()
        await process.wait()


async def _read_port(path: Path) -> int:
    async with asyncio.timeout(START_S):
        while not path.exists() or not path.read_text():
            await asyncio.sleep(0.05)
    return int(path.read_text().split()[0])


def main() -> int:
    """Make the run, write its report, look at it."""
    binary = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    if binary is None:
        print("check_report: there is no chromium: apt-get install chromium", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = write_evaluated_run(Path(name) / "run", question_count=QUESTION_COUNT)
        subprocess.run([shutil.which("distill") or "distill", "report", folder.run_dir], check=True)
        failed_count = asyncio.run(drive(binary, folder.run_dir / "report.html", Path(name)))
    print(f"{failed_count} checks failed" if failed_count else "all checks passed")
    return 1 if failed_count else 0


if __name__ == "__main__":
    sys.exit(main())
