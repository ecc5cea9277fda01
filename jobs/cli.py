"""The `distill` command: arguments in, one call, exit code out. Heavy imports wait."""

import io
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
from jobs.log_lines import log_to_stderr

if TYPE_CHECKING:
    from jobs.send.send_requests import SendOrder

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
Config = Annotated[Path | None, typer.Option(help="A TOML file of settings; see `distill init`.")]
BaseUrl = Annotated[str | None, typer.Option(help="The API's address.")]
Rpm = Annotated[float | None, typer.Option(help="Requests a minute, at most.")]
Tpm = Annotated[float | None, typer.Option(help="Tokens a minute, at most.")]
MaxInFlight = Annotated[int | None, typer.Option(help="Requests at once, at most.")]
Assignments = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Any setting, e.g. limits.burst_s=2."),
]
RetryFailed = Annotated[
    bool, typer.Option("--retry-failed", help="Send again what failed for good.")
]


@app.command()
def run(
    run_dir: RunDir,
    documents: Annotated[Path | None, typer.Option(help="The folder of documents to read.")] = None,
    config: Config = None,
    provider: Annotated[
        str | None,
        typer.Option(help="openai: any server that speaks its API; local: a small model here."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="The teacher model.")] = None,
    base_url: BaseUrl = None,
    rpm: Rpm = None,
    tpm: Tpm = None,
    max_in_flight: MaxInFlight = None,
    budget_usd: Annotated[
        float | None, typer.Option(help="What the run may cost in all, resumes included.")
    ] = None,
    limit_chunks: Annotated[
        int | None,
        typer.Option(help="Ask about so many chunks only: a sample that a higher limit adds to."),
    ] = None,
    closed_book: Annotated[
        bool | None,
        typer.Option("--closed-book/--open-book", help="Rows without or with the excerpt."),
    ] = None,
    assignments: Assignments = None,
    accept_changes: Annotated[
        bool,
        typer.Option("--accept-changes", help="Go on although settings or documents changed."),
    ] = False,
    retry_failed: RetryFailed = False,
) -> None:
    """Make the dataset, or go on making it."""
    flags = {
        "documents_dir": str(documents) if documents else None,
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
    raise typer.Exit(_run(run_dir, config, flags, assignments or [], accept_changes, retry_failed))


@app.command()
def status(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Say what a run has come to. Reads only; may be called at any time."""
    from engine.run_folder import RunFolder
    from jobs.show_run import describe_run
    from jobs.summarize_run import summarize_run

    folder = RunFolder(run_dir)
    if not folder.is_begun:
        raise ConfigError(f"{run_dir}: there is no run here; `distill run {run_dir}` begins one")
    summary = summarize_run(folder)
    print(summary.model_dump_json(indent=2) if as_json else describe_run(summary))


@app.command()
def send(
    requests: Annotated[
        str,
        typer.Argument(metavar="IN.jsonl", help="Requests in the Batch API's format; - : stdin."),
    ],
    out: Annotated[Path, typer.Option(help="The file of replies; failures go to OUT.errors.")],
    base_url: BaseUrl = None,
    endpoints: Annotated[
        list[str] | None,
        typer.Option(
            "--endpoint",
            metavar="URL[,key=VARIABLE][,rpm=N][,tpm=N]",
            help="One of several addresses; VARIABLE is the environment variable with its key.",
        ),
    ] = None,
    rpm: Rpm = None,
    tpm: Tpm = None,
    max_in_flight: MaxInFlight = None,
    max_attempts: Annotated[int | None, typer.Option(help="Attempts of one request.")] = None,
    max_outage: Annotated[
        float | None, typer.Option(help="Seconds to wait for a server that answers nobody.")
    ] = None,
    retry_failed: RetryFailed = False,
    skip_bad_lines: Annotated[
        bool, typer.Option("--skip-bad-lines", help="Leave out what is not a request.")
    ] = False,
    metrics_port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Serve Prometheus metrics on this port of 127.0.0.1."),
    ] = None,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Send a file of requests and keep every reply. The same command again goes on."""
    from jobs.command_settings import send_settings
    from jobs.read_endpoints import read_endpoints
    from jobs.send.send_requests import SendOrder

    if base_url is not None and endpoints:
        raise ConfigError("--base-url and --endpoint exclude each other: give one or the other")
    flags: dict[str, Any] = {
        "teacher.base_url": base_url,
        "endpoints": [] if base_url is not None else None,
        "limits.requests_per_minute": rpm,
        "limits.tokens_per_minute": tpm,
        "limits.max_in_flight": max_in_flight,
        "limits.max_attempts": max_attempts,
        "limits.max_outage_s": max_outage,
    }
    settings = send_settings(config, flags, endpoints or [], assignments or [])
    input_path = None if requests == "-" else Path(requests)
    order = SendOrder(input_path, out, settings, read_endpoints(settings, os.environ))
    flagged = order._replace(
        retries_failed=retry_failed, skips_bad_lines=skip_bad_lines, metrics_port=metrics_port
    )
    raise typer.Exit(_send(flagged))


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


def _run(
    run_dir: Path,
    config: Path | None,
    flags: dict[str, Any],
    assignments: list[str],
    accepts_changes: bool,
    retries_failed: bool,
) -> int:
    from engine.run_folder import RunFolder
    from jobs.command_settings import run_settings
    from jobs.event_loop import run_to_end
    from jobs.read_endpoints import read_endpoints
    from jobs.show_run import describe_run
    from jobs.start_run import RunOrder, start_run
    from jobs.summarize_run import summarize_run

    folder = RunFolder(run_dir)
    settings = run_settings(folder, config, flags, assignments)
    is_local = settings.teacher.provider == "local"
    endpoints = [] if is_local else read_endpoints(settings, os.environ)
    began_s = time.monotonic()
    order = RunOrder(folder, settings, endpoints, accepts_changes, retries_failed)
    end = run_to_end(start_run(order))
    summary = summarize_run(folder)
    print(describe_run(summary))
    print(f"{'time':<16} {_duration(time.monotonic() - began_s)} in this call")
    if end.stage == "dataset":
        if not any(summary.rows.values()):
            print(f"distill: no row came out; {folder.rejected_path} says why", file=sys.stderr)
        return EXIT_OK
    left = sum(end.passed.unsettled.values()) + end.passed.deferred_count
    reasons = ", ".join(f"{code} {count}" for code, count in end.passed.unsettled.most_common())
    print(
        f"distill: {left} items of stage {end.stage} are left ({reasons}); "
        "the same command again goes on with them",
        file=sys.stderr,
    )
    return EXIT_TRY_LATER


def _send(order: "SendOrder") -> int:
    from jobs.event_loop import run_to_end
    from jobs.send.describe_send import describe_send, left_count
    from jobs.send.send_requests import send_requests

    end = run_to_end(send_requests(order))
    print(describe_send(end), file=sys.stderr)
    if end.ended_by is not None:
        raise end.ended_by
    if left_count(end):
        print("distill: the same command again sends what is left", file=sys.stderr)
        return EXIT_TRY_LATER
    return EXIT_INCOMPLETE if end.stats.failed or end.counts.failed_before else EXIT_OK


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
