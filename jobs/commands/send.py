"""`distill send`: a file of requests in, a file of replies out."""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import typer

from engine.errors import ConfigError
from jobs.commands.options import (
    Address,
    Assignments,
    BaseUrl,
    BudgetUsd,
    Config,
    Deadline,
    DryRun,
    Endpoints,
    Journal,
    LaneFlag,
    MaxAttempts,
    MaxInFlight,
    MaxOutage,
    MaxOutputTokens,
    MetricsPort,
    On,
    Out,
    Quiet,
    Requests,
    RetryFailed,
    Rpm,
    Segments,
    SendModel,
    SkipBadLines,
    Template,
    Text,
    Tpm,
    Verbose,
    Waits,
    Workers,
    server_flags,
)
from jobs.process import EXIT_INCOMPLETE, EXIT_OK, EXIT_TRY_LATER
from jobs.run.batch_folders import may_be_out, send_batch_folder
from jobs.run.lanes import LaneOrder, make_flex_policy, read_lane_order
from jobs.spread.places import place_of_lane, read_cluster

STANDARD = "-"  # standard input, or output

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from jobs.send.prompts.input import PromptInput, PromptOrder
    from jobs.send.sharded.cluster_process import ClusterPlace
    from jobs.send.sharded.here.processes import HerePlace
    from jobs.send.ways.requests import SendEnd, SendOrder

    Place = ClusterPlace | HerePlace


def send(
    requests: Requests,
    out: Out,
    journal: Journal = None,
    model: SendModel = None,
    template: Template = None,
    text: Text = None,
    max_output_tokens: MaxOutputTokens = 1000,
    base_url: BaseUrl = None,
    endpoints: Endpoints = None,
    rpm: Rpm = None,
    tpm: Tpm = None,
    max_in_flight: MaxInFlight = None,
    budget_usd: BudgetUsd = None,
    max_attempts: MaxAttempts = None,
    max_outage: MaxOutage = None,
    retry_failed: RetryFailed = False,
    skip_bad_lines: SkipBadLines = False,
    metrics_port: MetricsPort = None,
    lane: LaneFlag = "live",
    waits: Waits = True,
    deadline: Deadline = None,
    on: On = "here",
    workers: Workers = None,
    address: Address = None,
    segments: Segments = None,
    config: Config = None,
    assignments: Assignments = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    dry_run: DryRun = False,
) -> None:
    """Send a file of requests and keep every reply. The same command again goes on."""
    from jobs.send.prompts.input import PromptOrder
    from jobs.send.ways.requests import SendOrder
    from jobs.settings.command import send_settings
    from jobs.settings.endpoints import read_send_endpoints

    if base_url is not None and endpoints:
        raise ConfigError("--base-url and --endpoint exclude each other: give one or the other")
    flags = server_flags(
        base_url, rpm=rpm, tpm=tpm, max_in_flight=max_in_flight, budget_usd=budget_usd
    )
    flags |= {
        "endpoints": [] if base_url is not None else None,
        "limits.max_attempts": max_attempts,
        "limits.max_outage_s": max_outage,
    }
    settings = send_settings(config, flags, endpoints or [], assignments or [])
    replies = _replies_path(out, journal, text)
    lane_order = read_lane_order(lane, deadline, waits=waits, has_begun=replies.exists())
    place = _read_place(on, workers, address, segments, lane_order)
    given = PromptOrder(model, template, text, max_output_tokens)
    order = SendOrder(
        None,
        replies,
        settings,
        () if dry_run else read_send_endpoints(settings, os.environ),
        retries_failed=retry_failed,
        skips_bad_lines=skip_bad_lines,
        metrics_port=metrics_port,
        prints=out == STANDARD,
    )
    _gather_calls(order)
    if dry_run:
        raise typer.Exit(_show_plan(requests, order, given))
    raise typer.Exit(_send_input(requests, order, given, lane_order, place))


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

    with TemporaryDirectory(prefix="distill-send-") as folder:
        prompts = make_prompt_input(requests, order.out_path, given, Path(folder) / "requests")
        order = order._replace(input_path=_input_path(requests, prompts))
        print("\n".join(run_to_end(plan_send(order)).describe(order.settings)))
    return EXIT_OK


def _read_place(
    on: str, workers: int | None, address: str | None, segments: str | None, lane: LaneOrder
) -> "Place | None":
    if on != "here" or workers is None or address is not None or segments is not None:
        return place_of_lane(read_cluster(on, workers, address, segments, os.environ), lane)
    if workers == 1:
        return None
    from jobs.send.sharded.here.processes import HerePlace

    return HerePlace(workers)


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
    lane: LaneOrder,
    place: "Place | None",
) -> int:
    """Send requests, or plain prompts, whose answers alone may be wanted too; the exit code."""
    from jobs.send.prompts.input import keep_prompt_input, write_text

    prompts = keep_prompt_input(requests, order.out_path, given)
    code = _send(order._replace(input_path=_input_path(requests, prompts)), lane, place)
    if prompts is not None and given.text is not None:
        write_text(prompts, order.out_path, given.text)
    return code


def _send(order: "SendOrder", lane: LaneOrder, place: "Place | None") -> int:
    from jobs.process import run_to_end
    from jobs.send.describe_send import describe_send, left_count

    end = run_to_end(_start_sending(order, lane, place))
    print(describe_send(end), file=sys.stderr)
    if end.ended_by is not None:
        raise end.ended_by
    if left_count(end):
        print("distill: the same command again sends what is left", file=sys.stderr)
        return EXIT_TRY_LATER
    return EXIT_INCOMPLETE if end.stats.failed or end.counts.failed_before else EXIT_OK


def _start_sending(
    order: "SendOrder", lane: LaneOrder, place: "Place | None"
) -> "Coroutine[Any, Any, SendEnd]":
    if place is not None:
        if lane.lane != "live":
            raise ConfigError(f"workers send live: leave --lane {lane.lane} out")
        from jobs.send.sharded.send_sharded import send_sharded

        return send_sharded(order, place)
    if order.prints and lane.lane in ("batch", "auto"):
        raise ConfigError(f"--out - shows replies at once, --lane {lane.lane} waits: name a file")
    if lane.lane == "auto":
        from jobs.send.ways.auto import send_auto

        return send_auto(order, lane)
    order = order._replace(flex=make_flex_policy(lane, order.settings))
    if lane.lane == "batch":
        from jobs.send.ways.batches import send_batches

        return send_batches(order, lane)
    if may_be_out(send_batch_folder(order.out_path)):
        from jobs.send.ways.beside_batches import send_beside_batches

        return send_beside_batches(order, lane)
    from jobs.send.ways.requests import send_requests

    return send_requests(order)
