"""`distill evaluate`: baseline, tuned student and teacher on the same questions."""

import os
import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, get_args

import typer

from engine.errors import ConfigError, TransientError
from jobs.commands.options import (
    Address,
    Assignments,
    BaseUrl,
    BegunRun,
    ClusterWorkers,
    Config,
    Deadline,
    DryRun,
    EvaluateBudgetUsd,
    EvaluateJudges,
    LaneFlag,
    MaxInFlight,
    MetricsPort,
    ModeFlag,
    Models,
    Notify,
    On,
    Pairwise,
    Questions,
    Quiet,
    Rejudge,
    RetryFailed,
    Rpm,
    Scorer,
    Segments,
    Tpm,
    Verbose,
    Waits,
    server_flags,
)
from jobs.idle_rounds import tell_no_progress
from jobs.notify import notifying
from jobs.process import EXIT_OK, EXIT_TRY_LATER
from jobs.spread.places import open_spread, read_cluster

if TYPE_CHECKING:
    from engine.run_folder import RunFolder
    from jobs.evaluation.evaluate import EvaluationOrder
    from jobs.run.lanes import LaneOrder
    from jobs.send.sharded.cluster_process import ClusterPlace
    from schemas.evaluation import Mode, Role
    from schemas.settings import RunSettings


def evaluate(
    run_dir: BegunRun,
    models: Models = None,
    mode: ModeFlag = None,
    questions: Questions = None,
    judge: EvaluateJudges = None,
    rejudge: Rejudge = False,
    scorer: Scorer = None,
    pairwise: Pairwise = None,
    config: Config = None,
    base_url: BaseUrl = None,
    rpm: Rpm = None,
    tpm: Tpm = None,
    max_in_flight: MaxInFlight = None,
    budget_usd: EvaluateBudgetUsd = None,
    lane: LaneFlag = "live",
    wait: Waits = True,
    deadline: Deadline = None,
    on: On = "here",
    workers: ClusterWorkers = None,
    address: Address = None,
    segments: Segments = None,
    assignments: Assignments = None,
    retry_failed: RetryFailed = False,
    metrics_port: MetricsPort = None,
    notify: Notify = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    dry_run: DryRun = False,
) -> None:
    """Have models answer held-out questions, and score the answers."""
    from engine.run_folder import RunFolder
    from jobs.settings.command import run_settings

    folder = RunFolder(run_dir)
    asked = _Asked(
        _read_roles(models),
        _read_mode(mode),
        _read_questions(questions, rejudge=rejudge),
        _read_lane(folder, lane, deadline, waits=wait),
        read_cluster(on, workers, address, segments, os.environ),
        retries_failed=retry_failed,
        metrics_port=metrics_port,
        asks_judge_alone=rejudge,
    )
    flags = server_flags(
        base_url, rpm=rpm, tpm=tpm, max_in_flight=max_in_flight, budget_usd=budget_usd
    )
    flags |= {"evaluation.scorer": scorer, "evaluation.pairwise": pairwise}
    of_judges = [
        run_settings(folder, config, {**flags, "judge.model": each}, assignments or [])
        for each in dict.fromkeys(judge or (None,))
    ]
    first, *further = [_make_orders(folder, settings, asked) for settings in of_judges]
    if dry_run:
        _show_plans([*first, *chain(*further)])
        raise typer.Exit(EXIT_OK)
    with notifying(notify, folder, "evaluate"):
        code = tell_no_progress(folder, lambda: _evaluate_each([*chain(*further), *first]))
    raise typer.Exit(code)


class _Asked(NamedTuple):
    """Who is to be asked what, and which way it goes. `mode` None: none was named."""

    roles: "Sequence[Role]"
    mode: "Mode | None"
    questions: Sequence[str] | None
    lane: "LaneOrder"
    place: "ClusterPlace | None"
    retries_failed: bool
    metrics_port: int | None
    asks_judge_alone: bool


def _make_orders(
    folder: "RunFolder", settings: "RunSettings", asked: _Asked
) -> "Sequence[EvaluationOrder]":
    """The evaluations under a judge's settings: one, or one a mode."""
    from jobs.evaluation.evaluate import EvaluationOrder
    from jobs.settings.endpoints import read_run_endpoints

    order = EvaluationOrder(
        folder,
        settings,
        read_run_endpoints(settings, os.environ),
        roles=asked.roles,
        mode=asked.mode or "open",
        questions=asked.questions,
        retries_failed=asked.retries_failed,
        lane=asked.lane,
        metrics_port=asked.metrics_port,
        asks_judge_alone=asked.asks_judge_alone,
    )
    order = order._replace(spread=open_spread(asked.place, order))
    return _in_modes(_with_role_endpoints(order), asked.mode)


def _read_lane(folder: "RunFolder", lane: str, deadline: str | None, *, waits: bool) -> "LaneOrder":
    from jobs.evaluation.questions.build_samples import SAMPLES
    from jobs.run.lanes import read_lane_order

    has_begun = folder.results_path(SAMPLES.name).exists()
    return read_lane_order(lane, deadline, waits=waits, has_begun=has_begun)


def _read_questions(path: Path | None, *, rejudge: bool) -> Sequence[str] | None:
    from jobs.evaluation.questions.import_questions import read_questions

    if path is None:
        return None
    if rejudge:
        raise ConfigError(
            "--rejudge judges answers that there are, --questions has new ones asked for: leave "
            "one of them out"
        )
    return read_questions(path)


def _with_role_endpoints(order: "EvaluationOrder") -> "EvaluationOrder":
    """With the servers of those roles that will be asked."""
    from jobs.evaluation.evaluated_models import asked_roles
    from jobs.settings.roles import JUDGE_ROLES, read_role_endpoints

    asked = JUDGE_ROLES if order.asks_judge_alone else asked_roles(order.roles)
    endpoints = read_role_endpoints(order.settings, os.environ, asked)
    return order._replace(role_endpoints=endpoints)


def _in_modes(order: "EvaluationOrder", asked_mode: "Mode | None") -> "Sequence[EvaluationOrder]":
    """Once; where no mode is named and the judge alone is asked, in each with answers."""
    from jobs.evaluation.rejudge import answered_modes

    if not order.asks_judge_alone or asked_mode is not None or not order.folder.is_begun:
        return [order]
    modes = answered_modes(order.folder, order.settings, order.roles)
    return [order._replace(mode=mode) for mode in modes]


def _evaluate_each(orders: "Sequence[EvaluationOrder]") -> int:
    """The worst exit code. The first judge comes last: its settings stay with the run."""
    *others, last = orders
    codes = [run_evaluation(order, is_shown=False) for order in others]
    return max(*codes, run_evaluation(last)) if codes else run_evaluation(last)


def _show_plans(orders: "Sequence[EvaluationOrder]") -> None:
    from jobs.settings.roles import judge_of

    for order in orders:
        if len(orders) > 1:
            print(f"{'judge':<16} {judge_of(order.settings).model} ({order.mode} book)")
        show_evaluation_plan(order)
    if len(orders) > 1 and not orders[0].asks_judge_alone:
        print("new questions and answers are in each of these tables and are bought once")


def show_evaluation_plan(order: "EvaluationOrder") -> None:
    """Print what going on with an evaluation would ask, what it costs, and how long it takes."""
    from jobs.evaluation.evaluate import check_evaluation
    from jobs.plan.describe_plan import describe_evaluation
    from jobs.plan.make_plan import plan_contest
    from jobs.process import run_to_end

    settings = order.settings
    contest = check_evaluation(order)
    plan = run_to_end(plan_contest(order.folder, settings, contest, order.stages))
    print(describe_evaluation(plan, settings.tiers.flex, settings.batch.price_share))


def run_evaluation(order: "EvaluationOrder", *, is_shown: bool = True) -> int:
    """Evaluate, print the results where they are to be shown, and return the exit code."""
    from jobs.comparison.run import require_comparison
    from jobs.comparison.shown.table import describe_comparison
    from jobs.evaluation.evaluate import evaluate as evaluate_models
    from jobs.evaluation.read_evaluation import describe_problems
    from jobs.process import run_to_end
    from jobs.show.describe import describe_left

    if not order.asks_judge_alone:
        _look_up_tuning(order)
    end = run_to_end(evaluate_models(order))
    if not end.is_done:
        left = describe_left(order.folder, end)
        print(f"distill: {left}; the same command again goes on", file=sys.stderr)
        return EXIT_TRY_LATER
    if not is_shown:
        return EXIT_OK
    compared = require_comparison(order.folder, order.settings)
    print(describe_comparison(compared.comparison))
    for line in describe_problems(order.folder, order.settings, compared.evaluation):
        print(line)
    print(f"files: {order.folder.evaluation_dir}: samples, answers, scores")
    return EXIT_OK


def _look_up_tuning(order: "EvaluationOrder") -> None:
    """Record the end of a fine-tuning job that was left running, if its model is to answer."""
    from jobs.finetune.open_job import find_open_job, look_up_job
    from jobs.process import run_to_end
    from jobs.settings.endpoints import read_trainer_endpoint

    is_wanted = "tuned" in order.roles or not order.roles
    job = find_open_job(order.folder)
    if job is None or not is_wanted or order.settings.tuned.model:
        return
    endpoint = read_trainer_endpoint(order.settings, os.environ)
    if endpoint is None:
        return
    try:
        run_to_end(look_up_job(job, order.folder, order.settings, endpoint))
    except TransientError as error:
        if order.roles:
            raise
        print(f"{error}; the other models are evaluated", file=sys.stderr)


def _read_roles(text: str | None) -> "Sequence[Role]":
    from schemas.evaluation import ROLES

    named = [] if text is None else [name.strip() for name in text.split(",")]
    if unknown := [name for name in named if name not in ROLES]:
        raise ConfigError(f"--models: found {unknown[0]!r}, expected some of {', '.join(ROLES)}")
    return [role for role in ROLES if role in named]


def _read_mode(text: str | None) -> "Mode | None":
    from schemas.evaluation import Mode

    if text is None:
        return None
    for mode in get_args(Mode):
        if text == mode:
            return mode  # type: ignore[no-any-return]
    raise ConfigError(f"--mode: found {text!r}, expected open or closed")
