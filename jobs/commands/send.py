"""`distill send`: a file of requests in, a file of replies out."""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from engine.errors import ConfigError
from jobs.commands.options import (
    Assignments,
    BaseUrl,
    BudgetUsd,
    Config,
    DryRun,
    LaneFlag,
    MaxInFlight,
    MetricsPort,
    Quiet,
    RetryFailed,
    Rpm,
    Tpm,
    Verbose,
    Waits,
)
from jobs.process import EXIT_INCOMPLETE, EXIT_OK, EXIT_TRY_LATER
from jobs.run.batch_folders import read_send_batches_out
from jobs.run.lanes import LaneOrder, make_flex_policy, read_lane_order

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from jobs.send.prompt_files import PromptForm
    from jobs.send.send_requests import SendEnd, SendOrder
    from schemas.settings import RunSettings


def send(
    requests: Annotated[
        str,
        typer.Argument(
            metavar="IN", help="Requests in the Batch API's format (- : stdin); or prompts."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The file of replies; failures go to OUT.errors.")],
    model: Annotated[
        str | None,
        typer.Option(help="IN holds prompts for this model: one a line, or rows of CSV or JSONL."),
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(metavar="TEXT|@FILE", help="The prompt of a row; {column} stands for a cell."),
    ] = None,
    text: Annotated[
        Path | None,
        typer.Option(help="Also write the answers alone here: .csv, .jsonl, or a line each."),
    ] = None,
    max_output_tokens: Annotated[
        int, typer.Option(min=1, help="Of an answer to a prompt, at most.")
    ] = 1000,
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
    budget_usd: BudgetUsd = None,
    max_attempts: Annotated[int | None, typer.Option(help="Attempts of one request.")] = None,
    max_outage: Annotated[
        float | None, typer.Option(help="Seconds to wait for a server that no longer responds.")
    ] = None,
    retry_failed: RetryFailed = False,
    skip_bad_lines: Annotated[
        bool, typer.Option("--skip-bad-lines", help="Leave out what is not a request.")
    ] = False,
    metrics_port: MetricsPort = None,
    lane: LaneFlag = "live",
    waits: Waits = True,
    config: Config = None,
    assignments: Assignments = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    dry_run: DryRun = False,
) -> None:
    """Send a file of requests and keep every reply. The same command again goes on."""
    from jobs.send.send_requests import SendOrder
    from jobs.settings.command import send_settings
    from jobs.settings.endpoints import read_send_endpoints

    if base_url is not None and endpoints:
        raise ConfigError("--base-url and --endpoint exclude each other: give one or the other")
    flags: dict[str, Any] = {
        "teacher.base_url": base_url,
        "endpoints": [] if base_url is not None else None,
        "limits.requests_per_minute": rpm,
        "limits.tokens_per_minute": tpm,
        "limits.max_in_flight": max_in_flight,
        "limits.max_attempts": max_attempts,
        "budget.usd": budget_usd,
        "limits.max_outage_s": max_outage,
    }
    settings = send_settings(config, flags, endpoints or [], assignments or [])
    if dry_run:
        _show_plan(
            requests,
            out,
            _Prompts(model, template, text, max_output_tokens),
            settings,
            skips_bad_lines=skip_bad_lines,
        )
        raise typer.Exit(EXIT_OK)
    request_path = out.with_name(out.name + ".requests")
    given = _Prompts(model, template, text, max_output_tokens)
    prompts = _read_prompts(requests, out, given, request_path)
    input_path = None if requests == "-" else Path(requests)
    if prompts is not None:
        input_path = prompts.request_path
    order = SendOrder(input_path, out, settings, read_send_endpoints(settings, os.environ))
    flagged = order._replace(
        retries_failed=retry_failed, skips_bad_lines=skip_bad_lines, metrics_port=metrics_port
    )
    code = _send(flagged, read_lane_order(lane, None, waits=waits))
    if prompts is not None and text is not None:
        _write_text(prompts, out, text)
    raise typer.Exit(code)


def _show_plan(
    requests: str, out: Path, given: "_Prompts", settings: "RunSettings", *, skips_bad_lines: bool
) -> None:
    from jobs.process import run_to_end
    from jobs.send.plan_send import plan_send
    from jobs.send.send_requests import SendOrder

    with TemporaryDirectory(prefix="distill-send-") as folder:
        prompts = _read_prompts(requests, out, given, Path(folder) / "requests")
        input_path = None if requests == "-" else Path(requests)
        if prompts is not None:
            input_path = prompts.request_path
        order = SendOrder(input_path, out, settings, (), skips_bad_lines=skips_bad_lines)
        print("\n".join(run_to_end(plan_send(order)).describe(settings)))


class _Prompts(NamedTuple):
    """What was given for plain prompts."""

    model: str | None
    template: str | None
    text: Path | None
    max_output_tokens: int


class _PromptFile(NamedTuple):
    """Prompts, and the file of requests that they were written to."""

    path: Path
    form: "PromptForm"
    request_path: Path


def _read_prompts(
    requests: str, out: Path, given: _Prompts, request_path: Path
) -> _PromptFile | None:
    """Write prompts as a file of requests; None: IN is such a file itself."""
    from jobs.send.prompt_files import PromptForm, read_template, write_requests
    from jobs.send.result_files import check_paths, result_paths
    from jobs.send.text_answers import check_text_path

    if given.model is None:
        if given.template is not None or given.text is not None:
            raise ConfigError("--template and --text are for prompts: name their --model")
        return None
    if requests == "-":
        raise ConfigError("prompts are read from a file, not from standard input: name it")
    path = Path(requests)
    check_paths(path, result_paths(out))
    if given.text is not None:
        check_text_path(given.text, out)
    form = PromptForm(given.model, given.max_output_tokens, read_template(given.template))
    write_requests(path, form, request_path)
    return _PromptFile(path, form, request_path)


def _write_text(prompts: _PromptFile, out: Path, text: Path) -> None:
    from jobs.send.text_answers import write_answers

    count = write_answers(prompts.path, prompts.form, out, text)
    print(f"wrote {text}: {count:,} answers, in the order of the prompts", file=sys.stderr)


def _send(order: "SendOrder", lane: LaneOrder) -> int:
    from jobs.process import run_to_end
    from jobs.send.describe_send import describe_send, left_count

    end = run_to_end(_start_sending(order, lane))
    print(describe_send(end), file=sys.stderr)
    if end.ended_by is not None:
        raise end.ended_by
    if left_count(end):
        print("distill: the same command again sends what is left", file=sys.stderr)
        return EXIT_TRY_LATER
    return EXIT_INCOMPLETE if end.stats.failed or end.counts.failed_before else EXIT_OK


def _start_sending(order: "SendOrder", lane: LaneOrder) -> "Coroutine[Any, Any, SendEnd]":
    if lane.lane == "auto":
        raise ConfigError(
            "--lane auto is for `distill run`: send a file live, by flex or in batches"
        )
    order = order._replace(flex=make_flex_policy(lane, order.settings))
    if lane.lane == "batch":
        from jobs.send.send_batches import send_batches

        return send_batches(order, lane)
    if read_send_batches_out(order.out_path):
        from jobs.send.send_beside_batches import send_beside_batches

        return send_beside_batches(order, lane)
    from jobs.send.send_requests import send_requests

    return send_requests(order)
