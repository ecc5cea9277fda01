"""A live view of a run in the terminal, by its files alone: also of one that has ended."""

import time
from datetime import UTC, datetime

from rich.console import Console
from rich.live import Live
from rich.text import Text

from engine.run_folder import RunFolder
from jobs.dataset.stages import DATASET
from jobs.show.summarize import summarize_run
from jobs.show.watch_lines import watch_lines

LEAST_PAUSE_S = 2.0
READING_SHARE = 0.1  # of the time at most, however large the files are
FOOTER_LINES = 2


def watch_run(folder: RunFolder) -> None:
    """Show the run until Ctrl-C, as often as reading it takes a tenth of the time.

    Raises:
        DamagedLogError: a file of the run is damaged.
    """
    console = Console()
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            began_s = time.monotonic()
            text = _screen(folder, console)
            pause_s = max(LEAST_PAUSE_S, (time.monotonic() - began_s) / READING_SHARE)
            text.append(
                f"\n\n{datetime.now(UTC):%H:%M:%S} UTC, every {pause_s:.0f} s; Ctrl-C leaves"
            )
            live.update(text, refresh=True)
            time.sleep(pause_s)


def _screen(folder: RunFolder, console: Console) -> Text:
    summary, now = summarize_run(folder), datetime.now(UTC)
    height = max(1, console.height - FOOTER_LINES)
    lines = watch_lines(summary, DATASET, now, width=console.width, height=height)
    return Text("\n".join(lines), no_wrap=True, overflow="crop")
