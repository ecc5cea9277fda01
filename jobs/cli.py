"""The `distill` command: every error of ours becomes one message and its exit code."""

import io
import os
import sys

import typer

from engine.errors import (
    ConfigError,
    DamagedLogError,
    EngineError,
    FatalError,
    InterruptedRunError,
)
from jobs.commands.batches import batches
from jobs.commands.evaluate import evaluate
from jobs.commands.exit_codes import (
    EXIT_CONFIG,
    EXIT_DAMAGED,
    EXIT_FATAL,
    EXIT_SIGNAL,
    EXIT_TRY_LATER,
)
from jobs.commands.init import init
from jobs.commands.run import run
from jobs.commands.send import send
from jobs.commands.status import status
from jobs.log_lines import log_to_stderr

app = typer.Typer(
    name="distill",
    help="Turn a folder of documents into a fine-tuning dataset. Every paid answer is kept: "
    "the same command again goes on where the last one ended.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

for command in (run, status, evaluate, send, batches, init):
    app.command()(command)


def main() -> None:
    """The entry point: every error of ours becomes one message and its exit code."""
    # numpy sorts ids here; the threads of its linear algebra would cost 0.1 s of processor.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    log_to_stderr()
    if isinstance(sys.stdout, io.TextIOWrapper):  # names of files may hold what it cannot show
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app()
    except EngineError as error:
        print(f"distill: {error}", file=sys.stderr)
        sys.exit(_exit_code(error))
    except OSError as error:
        print(f"distill: {error}; mend this, then run the same command again", file=sys.stderr)
        sys.exit(EXIT_TRY_LATER)


def _exit_code(error: EngineError) -> int:
    match error:
        case ConfigError():
            return EXIT_CONFIG
        case FatalError():
            return EXIT_FATAL
        case DamagedLogError():
            return EXIT_DAMAGED
        case InterruptedRunError():
            return EXIT_SIGNAL + error.signum
        case _:
            return EXIT_TRY_LATER
