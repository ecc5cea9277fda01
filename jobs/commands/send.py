"""`distill send`: a file of requests in, a file of replies out."""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from engine.errors import ConfigError
from jobs.commands.options import (
    Address,
    Assignments,
    Config,
    DryRun,
    LaneFlags,
    LogFlags,
    MetricsPort,
    On,
    RetryFailed,
    Segments,
    ServerFlags,
    StoreUrl,
)
from jobs.process import EXIT_INCOMPLETE, EXIT_OK, EXIT_TRY_LATER
from jobs.spread.places import place_of_lane, read_cluster

STANDARD = "-"  # standard input, or output

if TYPE_CHECKING:
    from jobs.run.lanes import LaneOrder
    from jobs.send.lanes.requests import SendOrder
    from jobs.send.prompts.input import PromptInput, PromptOrder
    from jobs.send.start import Place
    from schemas.settings import RunSettings


class PromptFlags(NamedTuple):
    """What plain prompts become requests by, and where their answers alone are written."""

    model: Annotated[
        str | None,
        typer.Option(help="IN holds prompts for this model: one a line, or rows of CSV or JSONL."),
    ] = None
    template: Annotated[
        str | None,
        typer.Option(metavar="TEXT|@FILE", help="The prompt of a row; {column} stands for a cell."),
    ] = None
    text: Annotated[
        str | None,
        typer.Option(help="Also write the answers alone: to a .csv or .jsonl, or a line each."),
    ] = None
    max_output_tokens: Annotated[
        int, typer.Option(min=1, help="Of an answer to a prompt, at most.")
    ] = 1000


class LimitFlags(NamedTuple):
    """What all may cost, and when to give up."""

    budget_usd: Annotated[
        float | None, typer.Option(help="What all may cost together, earlier calls included.")
    ] = None
    max_attempts: Annotated[int | None, typer.Option(help="Attempts of one request.")] = None
    max_outage: Annotated[
        float | None, typer.Option(help="Seconds to wait for a server that no longer responds.")
    ] = None

    def settings(self) -> dict[str, object]:
        """The settings behind them."""
        return {
            "budget.usd": self.budget_usd,
            "limits.max_attempts": self.max_attempts,
            "limits.max_outage_s": self.max_outage,
        }


class PlaceFlags(NamedTuple):
    """Which processes send: this one, several of this machine, or workers on a cluster."""

    on: On = "here"
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Send by so many processes, for what one core is too slow for; by default by "
            "this one, with --on ray by one for each core.",
        ),
    ] = None
    address: Address = None
    segments: Segments = None

    def read(self, lane: "LaneOrder") -> "Place | None":
        """The place that they name; None: this process."""
        here = self.on == "here" and self.address is None and self.segments is None
        if not here or self.workers is None:
            return place_of_lane(read_cluster(*self, os.environ), lane)
        if self.workers == 1:
            return None
        from jobs.send.sharded.here.processes import HerePlace

        return HerePlace(self.workers)


class RequestFlags(NamedTuple):
    """Which requests are sent besides those that were never sent."""

    retry_failed: RetryFailed = False
    skip_bad_lines: Annotated[
        bool, typer.Option("--skip-bad-lines", help="Leave out what is not a request.")
    ] = False


Requests = Annotated[
    str,
    typer.Argument(
        metavar="IN", help="Requests in the Batch API's format (- : stdin); or prompts."
    ),
]
Out = Annotated[
    str, typer.Option(help="The file of replies (- : stdout); failures go to OUT.errors.")
]
Journal = Annotated[
    Path | None, typer.Option(help="With --out -: the file in which replies are kept too.")
]
Endpoints = Annotated[
    list[str] | None,
    typer.Option(
        "--endpoint",
        metavar="URL[,key=VARIABLE][,rpm=N][,tpm=N]",
        help="One of several addresses; VARIABLE is the environment variable with its key.",
    ),
]


def send(
    requests: Requests,
    *,
    out: Out,
    journal: Journal = None,
    prompt: PromptFlags,
    endpoints: Endpoints = None,
    server: ServerFlags,
    limits: LimitFlags,
    which: RequestFlags,
    metrics_port: MetricsPort = None,
    lane: LaneFlags,
    place: PlaceFlags,
    store: StoreUrl = None,
    config: Config = None,
    assignments: Assignments = None,
    log: LogFlags,
    dry_run: DryRun = False,
) -> None:
    """Send a file of requests and keep every reply. The same command again goes on."""
    from jobs.send.lanes.requests import SendOrder
    from jobs.send.prompts.input import PromptOrder

    settings = _read_settings(config, server, limits, endpoints or [], assignments or [])
    order = SendOrder(
        None,
        _replies_path(out, journal, prompt.text),
        settings,
        (),
        retries_failed=which.retry_failed,
        skips_bad_lines=which.skip_bad_lines,
        metrics_port=metrics_port,
        prints=out == STANDARD,
    )
    lane_order, given = lane.read(has_begun=order.out_path.exists()), PromptOrder(*prompt)
    way = _Way(lane_order, place.read(lane_order), store)
    if dry_run:
        raise typer.Exit(_show_plan(requests, order, given))
    raise typer.Exit(_send_input(requests, order, given, way))


class _Way(NamedTuple):
    """How requests are sent, and where replies are kept besides their file."""

    lane: "LaneOrder"
    place: "Place | None"
    store: str | None


def _read_settings(
    config: Path | None,
    server: ServerFlags,
    limits: LimitFlags,
    endpoints: list[str],
    assignments: list[str],
) -> "RunSettings":
    from jobs.settings.command import send_settings

    if server.base_url is not None and endpoints:
        raise ConfigError("--base-url and --endpoint exclude each other: give one or the other")
    flags = server.settings() | limits.settings()
    flags["endpoints"] = [] if server.base_url is not None else None
    return send_settings(config, flags, endpoints, assignments)


def _replies_path(out: str, journal: Path | None, text: str | None) -> Path:
    """Where replies are kept, which those that are printed must be too: they are paid for."""
    if out != STANDARD:
        if journal is not None:
            raise ConfigError("--journal is for --out -: a file that --out names is kept itself")
        return Path(out)
    if journal is None:
        raise ConfigError(
            "--out -: replies are paid for, and must be kept too: name a file with --journal FILE; "
            "the same command again prints what it holds and buys only the rest"
        )
    if text == STANDARD:
        raise ConfigError("--out - and --text -: standard output can take one of them")
    return journal


def _input_path(requests: str, prompts: "PromptInput | None") -> Path | None:
    if prompts is not None:
        return prompts.request_path
    return None if requests == STANDARD else Path(requests)


def _show_plan(requests: str, order: "SendOrder", given: "PromptOrder") -> int:
    from jobs.process import run_to_end
    from jobs.send.plan_send import plan_send
    from jobs.send.prompts.input import make_prompt_input

    _gather_calls(order)
    with TemporaryDirectory(prefix="distill-send-") as folder:
        prompts = make_prompt_input(requests, order.out_path, given, Path(folder) / "requests")
        order = order._replace(input_path=_input_path(requests, prompts))
        print("\n".join(run_to_end(plan_send(order)).describe(order.settings)))
    return EXIT_OK


def _gather_calls(order: "SendOrder") -> None:
    """Take in what workers of an earlier call have left, wherever this one sends from."""
    from jobs.send.result_files import shards_root

    if shards_root(order.out_path).is_dir():
        from jobs.process import run_to_end
        from jobs.send.sharded.gather import gather_calls

        run_to_end(gather_calls(order.out_path, order.settings, os.environ))


def _send_input(
    requests: str,
    order: "SendOrder",
    given: "PromptOrder",
    way: _Way,
) -> int:
    """Send requests, or plain prompts, whose answers alone may be wanted too; the exit code."""
    from jobs.send.prompts.input import keep_prompt_input, write_text
    from jobs.settings.endpoints import read_send_endpoints

    endpoints = read_send_endpoints(order.settings, os.environ)
    _gather_calls(order)
    prompts = keep_prompt_input(requests, order.out_path, given)
    input_path = _input_path(requests, prompts)
    code = _send(order._replace(input_path=input_path, endpoints=endpoints), way)
    if prompts is not None and given.text is not None:
        write_text(prompts, order.out_path, given.text)
    return code


def _send(order: "SendOrder", way: _Way) -> int:
    from jobs.process import run_to_end
    from jobs.send.describe_send import describe_send, left_count
    from jobs.send.start import start_sending
    from jobs.stored.replies import stored_replies

    with stored_replies(order.out_path, way.store, os.environ) as stored:
        end = run_to_end(start_sending(order._replace(stored=stored), way.lane, way.place))
        print(describe_send(end), file=sys.stderr)
        if end.ended_by is not None:
            raise end.ended_by
    if left_count(end):
        print("distill: the same command again sends what is left", file=sys.stderr)
        return EXIT_TRY_LATER
    return EXIT_INCOMPLETE if end.stats.failed or end.counts.failed_before else EXIT_OK
