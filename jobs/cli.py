"""The `distill` command: arguments in, one call, exit code out. Heavy imports wait."""

import asyncio
import logging
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.errors import (
    ConfigError,
    DamagedLogError,
    EngineError,
    FatalError,
    InterruptedRunError,
)

if TYPE_CHECKING:
    from engine.run_folder import RunFolder
    from schemas.settings import RunSettings

EXIT_OK = 0
EXIT_INCOMPLETE = 1
EXIT_CONFIG = 2
EXIT_FATAL = 3
EXIT_DAMAGED = 4
EXIT_TRY_LATER = 75  # EX_TEMPFAIL of sysexits.h
EXIT_SIGNAL = 128  # plus the signal's number

app = typer.Typer(
    name="distill",
    help="Turn a folder of documents into a fine-tuning dataset. Every paid answer is kept: "
    "the same command again goes on where the last one ended.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

RunDir = Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder; made if new.")]


@app.command()
def run(
    run_dir: RunDir,
    documents: Annotated[Path | None, typer.Option(help="The folder of documents to read.")] = None,
    config: Annotated[
        Path | None, typer.Option(help="A TOML file of settings; see `distill init`.")
    ] = None,
    provider: Annotated[
        str | None, typer.Option(help="openai (or any server that speaks its API) or local.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="The teacher model.")] = None,
    base_url: Annotated[str | None, typer.Option(help="The API's address.")] = None,
    rpm: Annotated[float | None, typer.Option(help="Requests a minute, at most.")] = None,
    tpm: Annotated[float | None, typer.Option(help="Tokens a minute, at most.")] = None,
    max_in_flight: Annotated[int | None, typer.Option(help="Requests at once.")] = None,
    budget_usd: Annotated[
        float | None, typer.Option(help="What the run may cost in all, resumes included.")
    ] = None,
    limit_chunks: Annotated[
        int | None, typer.Option(help="Ask about so many chunks only, as a sample.")
    ] = None,
    closed_book: Annotated[
        bool | None,
        typer.Option("--closed-book/--open-book", help="Rows without or with the excerpt."),
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any setting, e.g. questions.per_chunk=5."),
    ] = None,
    accept_changes: Annotated[
        bool,
        typer.Option("--accept-changes", help="Go on although settings or documents changed."),
    ] = False,
) -> None:
    """Make the dataset, or go on making it."""
    flags = {
        "documents_dir": str(documents.expanduser().resolve()) if documents else None,
        "teacher.provider": provider,
        "teacher.model": model,
        "teacher.base_url": base_url,
        "limits.requests_per_minute": rpm,
        "limits.tokens_per_minute": tpm,
        "limits.max_in_flight": max_in_flight,
        "budget.usd": budget_usd,
        "limit_chunks": limit_chunks,
        "dataset.closed_book": closed_book,
    }
    raise typer.Exit(_run(run_dir, config, flags, assignments or [], accept_changes))


@app.command()
def status(
    run_dir: RunDir,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Say what a run has come to. Reads only; may be called at any time."""
    from engine.run_folder import RunFolder
    from jobs.show_run import describe_run
    from jobs.summarize_run import summarize_run

    if not run_dir.is_dir():
        raise ConfigError(f"{run_dir}: there is no such run folder")
    summary = summarize_run(RunFolder(run_dir))
    print(summary.model_dump_json(indent=2) if as_json else describe_run(summary))


@app.command()
def init(
    path: Annotated[Path, typer.Argument(help="The file to write.")] = Path("distill.toml"),
) -> None:
    """Write a commented example of a settings file."""
    from importlib.resources import files

    text = files("jobs").joinpath("example_config.toml").read_text(encoding="utf-8")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise ConfigError(f"{path}: exists already; name another file") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
    print(f"wrote {path}; use it with: distill run RUN --config {path}")


def main() -> None:
    """The entry point: every error of ours becomes one message and its exit code."""
    _log_to_stderr()
    try:
        app()
    except EngineError as error:
        print(f"distill: {error}", file=sys.stderr)
        sys.exit(_exit_code(error))


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


def _run(
    run_dir: Path,
    config: Path | None,
    flags: dict[str, Any],
    assignments: list[str],
    accepts_changes: bool,
) -> int:
    from engine.run_folder import RunFolder
    from jobs.show_run import describe_run
    from jobs.start_run import RunOrder, start_run
    from jobs.summarize_run import summarize_run

    folder = RunFolder(run_dir)
    settings = _settings(folder, config, flags, assignments)
    order = RunOrder(folder, settings, os.environ.get("OPENAI_API_KEY", ""), accepts_changes)
    began_s = time.monotonic()
    end = asyncio.run(start_run(order))
    print(describe_run(summarize_run(folder)))
    print(f"{'time':<16} {_duration(time.monotonic() - began_s)} in this call")
    if end.stage == "dataset":
        return EXIT_OK
    left = sum(end.passed.unsettled.values()) + end.passed.deferred_count
    reasons = ", ".join(f"{code} {count}" for code, count in end.passed.unsettled.most_common())
    print(
        f"distill: {left} items of stage {end.stage} are left ({reasons}); "
        "the same command again goes on with them",
        file=sys.stderr,
    )
    return EXIT_TRY_LATER


def _settings(
    folder: "RunFolder", config: Path | None, flags: dict[str, Any], assignments: list[str]
) -> "RunSettings":
    from jobs.resolve_settings import (
        Layer,
        read_assignments,
        read_config_file,
        read_environment,
        resolve_settings,
        set_key,
    )
    from jobs.run_config import read_run_config

    layers: list[Layer] = []
    if config is not None:
        layers.append(read_config_file(config))
    elif (former := read_run_config(folder.config_path)) is not None:
        tree = former.settings.model_dump(mode="json", exclude_none=True)
        layers.append(Layer(str(folder.config_path), tree))
    layers.append(read_environment(os.environ))
    given: dict[str, Any] = {}
    for key, value in flags.items():
        if value is not None:
            set_key(given, key, value)
    layers += [Layer("command line", given), read_assignments(assignments)]
    return resolve_settings(layers)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def _log_to_stderr() -> None:
    handler = _BesideBars()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


class _BesideBars(logging.Handler):
    """Writes log lines to standard error without tearing a progress bar."""

    def emit(self, record: logging.LogRecord) -> None:
        from tqdm import tqdm

        tqdm.write(self.format(record), file=sys.stderr)
