"""Log lines on standard error, beside progress bars."""

import logging
import sys


def log_to_stderr() -> None:
    """Show what the engine and the jobs report, a line each, from INFO on."""
    handler = _BesideBars(logging.INFO)  # some libraries set the level of their own logger lower
    handler.setFormatter(logging.Formatter("%(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    # What it warns of (a child process reaped elsewhere) is nothing that a user can act on.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    for library in ("httpx", "httpx2", "openai"):  # a line for each call tells nothing
        logging.getLogger(library).setLevel(logging.WARNING)


class _BesideBars(logging.Handler):
    """Writes log lines to standard error without tearing a progress bar."""

    def emit(self, record: logging.LogRecord) -> None:
        from tqdm import tqdm

        tqdm.write(self.format(record), file=sys.stderr)
