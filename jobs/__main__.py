"""The `distill` command and `python -m jobs`: what must be so before anything large is imported."""

import io
import os
import sys
from contextlib import suppress

from jobs.garbage import collect_rarely

EXIT_INTERRUPTED = 130
STREAMS = {"stdin": "r", "stdout": "w", "stderr": "w"}


class _Unheard(io.TextIOWrapper):
    """Standard error that may be closed, full or gone: no run ends by what cannot be shown."""

    def write(self, text: str) -> int:
        with suppress(OSError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            super().flush()


def main() -> None:
    """Run the command that the arguments name; changes how often garbage is collected."""
    _open_closed_streams()
    _bear_silence()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # we have none to look for
    collect_rarely()
    try:
        from jobs.cli import run_command

        run_command(sys.argv[1:])
    except KeyboardInterrupt:  # before signals were handled: nothing was begun
        sys.exit(EXIT_INTERRUPTED)


def _open_closed_streams() -> None:
    """Else the next file or socket has the number of a closed one, and is taken for it."""
    for number, (name, mode) in enumerate(STREAMS.items()):
        if getattr(sys, name) is None:
            os.open(os.devnull, os.O_RDWR)  # has the lowest number that is free: this one
            setattr(sys, name, os.fdopen(number, mode, closefd=False))


def _bear_silence() -> None:
    if isinstance(sys.stderr, io.TextIOWrapper):
        encoding = sys.stderr.encoding
        sys.stderr = _Unheard(
            sys.stderr.detach(), encoding=encoding, errors="backslashreplace", line_buffering=True
        )


if __name__ == "__main__":
    main()
