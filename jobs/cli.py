"""The `distill` command: every EngineError becomes one message and an exit code."""

import io
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Annotated

import typer

from engine.errors import (
    ConfigError,
    DamagedLogError,
    EngineError,
    FatalError,
    InterruptedRunError,
    NoProgressError,
    UnexpectedError,
)
from engine.extras import DISTRIBUTION
from engine.wire.server_text import without_controls
from jobs.command_list import COMMANDS
from jobs.commands.flag_groups import spread_groups
from jobs.process import (
    EXIT_CONFIG,
    EXIT_DAMAGED,
    EXIT_FATAL,
    EXIT_INCOMPLETE,
    EXIT_NO_PROGRESS,
    EXIT_SIGNAL,
    EXIT_TRY_LATER,
    log_to_stderr,
)

OTHERS_NOTHING = 0o077  # what is written holds documents, prompts and replies: 0600, folders 0700

COMPLETION_VARIABLE = "_DISTILL_COMPLETE"  # set by the shell that completes a command line
HELP_FLAGS = {"help_option_names": ["-h", "--help"]}


def run_command(arguments: Sequence[str]) -> None:
    """The entry point. Of all commands only the one that is called is imported."""
    called = arguments[0] if arguments else ""
    is_one = called in COMMANDS and COMPLETION_VARIABLE not in os.environ
    app = make_app([called] if is_one else list(COMMANDS))
    report_errors(lambda: app(list(arguments), prog_name="distill"))


def make_app(names: Sequence[str]) -> typer.Typer:
    """The command line with these commands."""
    app = typer.Typer(
        name="distill",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings=HELP_FLAGS,
    )

    @app.callback()
    def distill(
        show_version: Annotated[
            bool,
            typer.Option("--version", help="Say which version this is.", callback=_show_version),
        ] = False,
    ) -> None:
        """Turn a folder of documents into a fine-tuning dataset.

        Every paid answer is kept: the same command again goes on where the last one ended.
        """

    for name in names:
        listed, module = COMMANDS[name], name.replace("-", "_")
        app.command(
            name,
            rich_help_panel=listed.task.title,
            epilog="\n\n".join(["Examples:", *listed.examples]),
            context_settings=HELP_FLAGS,
        )(spread_groups(getattr(import_module(f"{listed.task.room}.{module}"), module)))
    return app


def _show_version(is_wanted: bool) -> None:
    if not is_wanted:
        return
    from importlib.metadata import version

    print(f"{DISTRIBUTION} {version(DISTRIBUTION)}")
    raise typer.Exit


def report_errors(command: Callable[[], object]) -> None:
    """Call `command`; every EngineError becomes one message and its exit code."""
    # numpy sorts ids here; the threads of its linear algebra would cost 0.1 s of processor.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.umask(OTHERS_NOTHING)
    log_to_stderr()
    if isinstance(sys.stdout, io.TextIOWrapper):  # names of files may hold what it cannot show
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        command()
    except EngineError as error:
        print(f"distill: {without_controls(str(error))}", file=sys.stderr)
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
        case NoProgressError():
            return EXIT_NO_PROGRESS
        case UnexpectedError():
            return EXIT_INCOMPLETE
        case InterruptedRunError():
            return EXIT_SIGNAL + error.signum
        case _:
            return EXIT_TRY_LATER
