"""Opens the report of a hostile run of 5,000 questions in a real Chromium, uses it, measures it.

Needs a Chromium (`apt-get install chromium`); CHROMIUM names another binary, SCREENSHOTS a folder
for what it looked like. Exits with 1 if a check fails.
"""

# One browser, one page, nothing else to do meanwhile: waiting may poll, and files may block.
# ruff: noqa: ASYNC240

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from scripts.chromium import DESKTOP, PHONE, Browser, Checks, drive, screenshots_dir
from tests.integration.jobs.report.report_runs import EVIDENCE, HOSTILE, write_evaluated_run

QUESTION_COUNT = 5_000

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


async def use_report(browser: Browser, report_path: Path, shots_dir: Path) -> int:
    """Do what a reader does; returns how many checks failed."""
    checks = Checks()
    await browser.resize(DESKTOP)
    seconds = await browser.open(report_path.as_uri())
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


def main() -> int:
    """Make the run, write its report, look at it."""
    binary = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    if binary is None:
        print("check_report: there is no chromium: apt-get install chromium", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = write_evaluated_run(Path(name) / "run", question_count=QUESTION_COUNT)
        subprocess.run([shutil.which("distill") or "distill", "report", folder.run_dir], check=True)
        failed_count = asyncio.run(
            drive(
                binary,
                Path(name),
                lambda browser: use_report(
                    browser, folder.run_dir / "report.html", screenshots_dir(Path(name))
                ),
            )
        )
    print(f"{failed_count} checks failed" if failed_count else "all checks passed")
    return 1 if failed_count else 0


if __name__ == "__main__":
    sys.exit(main())
