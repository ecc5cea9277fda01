"""Uses the page of `distill review` and `view` in a real Chromium, on 5,000 and 1,000,000 rows.

    python scripts/check_view.py [--rows 1000000]

Needs a Chromium (`apt-get install chromium`); CHROMIUM names another binary, SCREENSHOTS a folder
for what it looked like. Exits with 1 if a check fails.
"""

# One browser, one page, nothing else to do meanwhile: waiting may poll, and files may block.
# ruff: noqa: ASYNC110, ASYNC210

import argparse
import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from engine.files.records import read_records
from schemas.reviews import Label, Review
from scripts.chromium import DESKTOP, PHONE, Browser, Checks, drive, screenshots_dir
from tests.integration.jobs.report.report_runs import HOSTILE, write_evaluated_run
from tests.integration.jobs.view.view_runs import EVIDENCE, write_row_run

ROW_COUNT = 5_000
MANY_ROWS = 1_000_000
WAIT_S = 60.0
READY = "document.body.dataset.ready === 'yes'"
DETAIL = "document.getElementById('detail').textContent"
ROWS = "document.querySelector('#rows').textContent"
FOUND = "document.getElementById('found').textContent"
PRESS = (
    "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: %r, bubbles: true,"
    " cancelable: true}))"
)


class Served:
    """A `distill` command that serves a page."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jobs", *arguments],
            cwd=Path(__file__).parents[1],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().removeprefix("open ").strip()

    def resident_mb(self) -> float:
        """The memory that the server holds now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) / 1024

    def stop(self) -> int:
        """End it as Ctrl+C does; returns its exit code."""
        self.process.terminate()
        return self.process.wait(10)


async def wait_for(browser: Browser, expression: str) -> float:
    """Wait until an expression is true; returns the seconds that took."""
    began_s = time.monotonic()
    async with asyncio.timeout(WAIT_S):
        while await browser.evaluate(expression) is not True:
            await asyncio.sleep(0.02)
    return time.monotonic() - began_s


async def press(browser: Browser, key: str) -> None:
    """Press a key on the page."""
    await browser.evaluate(PRESS % key)


async def type_search(browser: Browser, text: str) -> None:
    """Put a text into the search."""
    await browser.evaluate(
        "(() => { const e = document.getElementById('text');"
        f" e.value = {text!r}; e.dispatchEvent(new Event('input', {{bubbles: true}})); }})()"
    )


async def use_review(browser: Browser, checks: Checks, run_dir: Path, shots_dir: Path) -> None:
    """Decide about rows as a person does, by keyboard, and look again after a reload."""
    served = Served("review", str(run_dir), "--reviewer", "anna", "--n", "50")
    try:
        await browser.resize(DESKTOP)
        await browser.open(served.url)
        took_s = await wait_for(browser, READY)
        checks.check("review opens on a drawn row", True, f"{took_s:.2f} s")
        marks = await browser.evaluate(
            "[...document.querySelectorAll('#detail mark')].map((e) => e.textContent)"
        )
        checks.check("the evidence is marked in the source", marks == [EVIDENCE], marks)
        for theme in ("light", "dark"):
            await browser.paint(theme, shots_dir / f"review-desktop-{theme}.png")
        await _decide(browser, checks)
        await browser.open(served.url)
        await wait_for(browser, READY)
        progress = await browser.evaluate("document.getElementById('progress').textContent")
        checks.check("decisions are there after a reload", "3 reviewed" in progress, progress)
        reviews = list(read_records(run_dir / "reviews.jsonl", Review))
        decisions = [review.decision for review in reviews]
        checks.check("decisions are in the file", decisions == ["keep", "drop", "edit"], decisions)
        checks.check("the edit is", reviews[2].answer == "Better.", reviews[2].answer)
        await _check_safety(browser, checks, served.url)
        await browser.resize(PHONE)
        await browser.paint("light", shots_dir / "review-phone.png")
        width = await browser.evaluate("document.documentElement.scrollWidth")
        checks.check("phone: nothing is wider than the window", width <= PHONE[0], width)
        await browser.evaluate("document.body.classList.remove('reading')")
        await browser.paint("light", shots_dir / "review-phone-list.png")
    finally:
        checks.check("the server ends well", served.stop() == 0)


async def _decide(browser: Browser, checks: Checks) -> None:
    for key in ("y", "x"):
        before = await browser.evaluate(DETAIL)
        await press(browser, key)
        await wait_for(browser, f"{DETAIL} !== {before!r}")
    before = await browser.evaluate(DETAIL)
    await press(browser, "e")
    await wait_for(browser, "document.querySelector('.editor textarea') !== null")
    await browser.evaluate(
        "(() => { const e = [...document.querySelectorAll('.editor textarea')].at(-1);"
        " e.value = 'Better.'; e.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter',"
        " ctrlKey: true, bubbles: true})); })()"
    )
    await wait_for(browser, f"{DETAIL} !== {before!r} && !document.querySelector('.editor')")
    progress = await browser.evaluate("document.getElementById('progress').textContent")
    checks.check("progress counts decisions with an interval", "[" in progress, progress)


async def _check_safety(browser: Browser, checks: Checks, url: str) -> None:
    title = await browser.evaluate("document.title")
    checks.check("nothing of the documents ran", "distill review" in title, title)
    text = await browser.evaluate(DETAIL)
    checks.check("hostile text is shown as it is", HOSTILE[:60] in text)
    elements = await browser.evaluate(
        "document.querySelectorAll('img, iframe, object, [onerror], a').length"
    )
    checks.check("no element of others", elements == 0, elements)
    logged = [event for event in browser.events if event.get("method") == "Log.entryAdded"]
    checks.check("the browser has nothing to complain of", not logged, logged[:2] or "")
    thrown = await browser.evaluate(f"document.body.insertAdjacentHTML('beforeend', {HOSTILE!r})")
    checks.check("markup cannot be injected", "TrustedHTML" in str(thrown), str(thrown)[:60])
    for address in (url.partition("?")[0], url[:-3] + "xyz", url.partition("?")[0] + "api/lists"):
        try:
            with urllib.request.urlopen(address) as reply:  # noqa: S310
                status = reply.status
        except urllib.error.HTTPError as error:
            status = error.code
        checks.check("who has no token gets 403", status == 403, address.rpartition("/")[2][:12])
    hosts = {
        event["params"]["request"]["url"].split("/")[2]
        for event in browser.events
        if event.get("method") == "Network.requestWillBeSent"
    }
    checks.check("nothing is asked but the own server", len(hosts) <= 1, hosts)


async def use_labels(browser: Browser, checks: Checks, run_dir: Path, shots_dir: Path) -> None:
    """Label answers by keyboard; whose they are is shown nowhere."""
    served = Served("label", str(run_dir), "--n", "12", "--labeler", "anna")
    try:
        await browser.resize(DESKTOP)
        await browser.open(served.url)
        await wait_for(browser, READY)
        await browser.paint("light", shots_dir / "label-desktop.png")
        for done in (1, 2, 3):
            await press(browser, "345"[done - 1])
            await wait_for(
                browser,
                f"document.getElementById('progress').textContent.startsWith('{done} of 12')",
            )
        await wait_for(browser, f"{DETAIL}.includes('Answer 4 of 12')")
        values = [label.value for label in read_records(run_dir / "labels.jsonl", Label)]
        checks.check("labels by keyboard are in the file", values == [0.5, 0.75, 1.0], values)
        await press(browser, "k")
        await wait_for(browser, f"{DETAIL}.includes('Answer 3 of 12')")
        chosen = await browser.evaluate("document.querySelector('button.main').textContent")
        checks.check("what was said is shown", chosen.startswith("all"), chosen)
    finally:
        checks.check("the server ends well", served.stop() == 0)


async def use_lists(
    browser: Browser, checks: Checks, run_dir: Path, shots_dir: Path, row_count: int
) -> None:
    """Search, filter and page through a run, and watch the server's memory."""
    served = Served("view", str(run_dir))
    try:
        await browser.resize(DESKTOP)
        began_s = time.monotonic()
        await browser.open(served.url)
        await wait_for(browser, "document.querySelectorAll('#rows li').length === 50")
        took_s = time.monotonic() - began_s
        checks.check(f"{row_count:,} rows: the first are there", took_s < 1.0, f"{took_s:.2f} s")
        await _turn_pages(browser, checks)
        before_mb = served.resident_mb()
        await _search(browser, checks, row_count - 7)
        await browser.paint("light", shots_dir / f"view-{row_count}.png")
        grown_mb = served.resident_mb() - before_mb
        checks.check(
            "memory stays flat", grown_mb < 64, f"{served.resident_mb():.0f} MB, +{grown_mb:.0f}"
        )
        await _filter_rejected(browser, checks)
    finally:
        checks.check("the server ends well", served.stop() == 0)


async def _turn_pages(browser: Browser, checks: Checks) -> None:
    await press(browser, "j")
    took_s = await wait_for(browser, f"{DETAIL}.includes('Valve 0 opens')")
    checks.check("j shows the first row", True, f"{took_s:.2f} s")
    await press(browser, "j")
    await wait_for(browser, f"{DETAIL}.includes('Valve 1 opens')")
    await press(browser, "n")
    took_s = await wait_for(browser, f"{ROWS}.includes('valve 50 ')")
    checks.check("n shows the next page", True, f"{took_s:.2f} s")


async def _search(browser: Browser, checks: Checks, wanted: int) -> None:
    await type_search(browser, f"VALVE {wanted} opens")
    took_s = await wait_for(
        browser,
        f"document.querySelectorAll('#rows li').length === 1 && {FOUND}.includes('to the end')",
    )
    checks.check("a search through all finds one", True, f"{took_s:.1f} s")
    await type_search(browser, "größe ä")
    await wait_for(browser, "document.querySelectorAll('#rows li').length === 50")
    checks.check("a search in any case of any letter", True)
    await press(browser, "j")
    await asyncio.sleep(1)


async def _filter_rejected(browser: Browser, checks: Checks) -> None:
    await browser.evaluate("document.querySelector('[data-name=rejected]').click()")
    await wait_for(browser, f"{ROWS}.includes('leans_on_context')")
    await browser.evaluate(
        "(() => { const e = document.querySelector('#filters select[data-field=reason]');"
        " e.value = 'too_short'; e.dispatchEvent(new Event('change')); })()"
    )
    await wait_for(browser, f"!{ROWS}.includes('leans_on_context')")
    checks.check("rejected items are filtered by their reason", True)


async def use_pages(browser: Browser, work_dir: Path, many: int) -> int:
    """All checks; returns how many failed."""
    checks, shots_dir = Checks(), screenshots_dir(work_dir)
    write_large = partial(write_row_run, work_dir / "large", row_count=many)
    with ProcessPoolExecutor(1, get_context("spawn")) as other:  # most of the time goes there
        large = asyncio.get_running_loop().run_in_executor(other, write_large)
        run_dir = write_row_run(work_dir / "run", row_count=ROW_COUNT).run_dir
        await use_review(browser, checks, run_dir, shots_dir)
        await use_lists(browser, checks, run_dir, shots_dir, ROW_COUNT)
        evaluated_dir = write_evaluated_run(work_dir / "evaluated", question_count=60).run_dir
        await use_labels(browser, checks, evaluated_dir, shots_dir)
        large_dir = (await large).run_dir
    await use_lists(browser, checks, large_dir, shots_dir, many)
    return checks.failed_count


def main() -> int:
    """Make the runs, serve them, use them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=MANY_ROWS)
    arguments = parser.parse_args()
    binary = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    if binary is None:
        print("check_view: there is no chromium: apt-get install chromium", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        work_dir = Path(name)
        failed_count = asyncio.run(
            drive(binary, work_dir, lambda page: use_pages(page, work_dir, arguments.rows))
        )
    print(f"{failed_count} checks failed" if failed_count else "all checks passed")
    return 1 if failed_count else 0


if __name__ == "__main__":
    sys.exit(main())
