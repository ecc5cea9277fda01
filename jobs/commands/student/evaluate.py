"""`distill evaluate`: baseline, tuned student and teacher on the same questions."""

import os
import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, get_args

import typer

from engine.errors import ConfigError, TransientError
from jobs.commands.options import (
    Assignments,
    BegunRun,
    ClusterFlags,
    Config,
    DryRun,
    LaneFlags,
    LogFlags,
    MetricsPort,
    Notify,
    RetryFailed,
    ServerFlags,
)
from jobs.idle_rounds import tell_no_progress
from jobs.notify import notifying
from jobs.process import EXIT_OK, EXIT_TRY_LATER
from jobs.spread.places import open_spread

if TYPE_CHECKING:
    from engine.run_folder import RunFolder
    from jobs.evaluation.evaluate import EvaluationOrder
    from jobs.run.lanes import LaneOrder
    from jobs.send.sharded.cluster_process import ClusterPlace
    from schemas.evaluation import Mode, Role
    from schemas.settings import RunSettings


class _Contest(NamedTuple):
    """Who is to answer what. No `roles`: all that there are; `mode` None: none was named."""

    roles: "Sequence[Role]"
    mode: "Mode | None"
    questions: Sequence[str] | None
    asks_judge_alone: bool


class ContestFlags(NamedTuple):
    """Who answers what, and how it is judged."""

    models: Annotated[
        str | None,
        typer.Option(
            metavar="baseline,tuned,teacher", help="Who answers; by default all that there are."
        ),
    ] = None
    mode: Annotated[
        str | None,
        typer.Option(
            metavar="open|closed",
            help="With or without the excerpt in view; by default open, with --rejudge all there "
            "are.",
        ),
    ] = None
    questions: Annotated[
        Path | None,
        typer.Option(help="A file of questions, one a line, in place of the run's own."),
    ] = None
    judge: Annotated[
        list[str] | None,
        typer.Option(
            help="The model that judges the answers. Given again: further judges, with whom the "
            "first is compared."
        ),
    ] = None
    rejudge: Annotated[
        bool,
        typer.Option(
            "--rejudge",
            help="Ask the judge alone, about the answers that there are: no new ones.",
        ),
    ] = False
    scorer: Annotated[
        str | None,
        typer.Option(metavar="builtin|ragas", help="This project's own steps, or ragas's code."),
    ] = None
    pairwise: Annotated[
        bool | None,
        typer.Option(
            "--pairwise/--no-pairwise",
            help="Also ask which of two answers is better, blind, in both orders.",
        ),
    ] = None

    def settings(self) -> dict[str, object]:
        """The settings that these flags are."""
        return {"evaluation.scorer": self.scorer, "evaluation.pairwise": self.pairwise}

    def read(self) -> _Contest:
        """What they name. Raises ConfigError: an unknown name, or flags that exclude others."""
        roles, mode, questions = self._read_roles(), self._read_mode(), self._read_questions()
        return _Contest(roles, mode, questions, self.rejudge)

    def _read_roles(self) -> "Sequence[Role]":
        from schemas.evaluation import ROLES

        named = [] if self.models is None else [name.strip() for name in self.models.split(",")]
        if unknown := [name for name in named if name not in ROLES]:
            raise ConfigError(
                f"--models: found {unknown[0]!r}, expected some of {', '.join(ROLES)}"
            )
        return [role for role in ROLES if role in named]

    def _read_mode(self) -> "Mode | None":
        from schemas.evaluation import Mode

        if self.mode is None:
            return None
        for mode in get_args(Mode):
            if self.mode == mode:
                return mode  # type: ignore[no-any-return]
        raise ConfigError(f"--mode: found {self.mode!r}, expected open or closed")

    def _read_questions(self) -> Sequence[str] | None:
        from jobs.evaluation.questions.import_questions import read_questions

        if self.questions is None:
            return None
        if self.rejudge:
            raise ConfigError(
                "--rejudge judges answers that there are, --questions has new ones asked for: "
                "leave one of them out"
            )
        return read_questions(self.questions)


EvaluateBudgetUsd = Annotated[
    float | None, typer.Option(help="What the run may cost in all, its dataset included.")
]


def evaluate(
    run_dir: BegunRun,
    *,
    contest: ContestFlags,
    config: Config = None,
    server: ServerFlags,
    budget_usd: EvaluateBudgetUsd = None,
    lane: LaneFlags,
    cluster: ClusterFlags,
    assignments: Assignments = None,
    retry_failed: RetryFailed = False,
    metrics_port: MetricsPort = None,
    notify: Notify = None,
    log: LogFlags,
    dry_run: DryRun = False,
) -> None:
    """Have models answer held-out questions, and score the answers."""
    from engine.run_folder import RunFolder
    from jobs.evaluation.questions.build_samples import SAMPLES
    from jobs.settings.command import run_settings

    folder = RunFolder(run_dir)
    lane_order = lane.read(has_begun=folder.results_path(SAMPLES.name).exists())
    place = cluster.read()
    asked = _Asked(contest.read(), lane_order, place, retry_failed, metrics_port)
    flags = {**server.settings(), **contest.settings(), "budget.usd": budget_usd}
    of_judges = [
        run_settings(folder, config, {**flags, "judge.model": each}, assignments or [])
        for each in dict.fromkeys(contest.judge or (None,))
    ]
    first, *further = [_make_orders(folder, settings, asked) for settings in of_judges]
    if dry_run:
        _show_plans([*first, *chain(*further)])
        raise typer.Exit(EXIT_OK)
    with notifying(notify, folder, "evaluate"):
        code = tell_no_progress(folder, lambda: _evaluate_each([*chain(*further), *first]))
    raise typer.Exit(code)


class _Asked(NamedTuple):
    """Who is to be asked what, and which way requests go."""

    contest: _Contest
    lane: "LaneOrder"
    place: "ClusterPlace | None"
    retries_failed: bool
    metrics_port: int | None


def _make_orders(
    folder: "RunFolder", settings: "RunSettings", asked: _Asked
) -> "Sequence[EvaluationOrder]":
    """The evaluations under a judge's settings: one, or one a mode."""
    from jobs.evaluation.evaluate import EvaluationOrder, orders_by_mode, with_role_endpoints
    from jobs.settings.endpoints import read_run_endpoints

    order = EvaluationOrder(
        folder,
        settings,
        read_run_endpoints(settings, os.environ),
        roles=asked.contest.roles,
        mode=asked.contest.mode or "open",
        questions=asked.contest.questions,
        retries_failed=asked.retries_failed,
        lane=asked.lane,
        metrics_port=asked.metrics_port,
        asks_judge_alone=asked.contest.asks_judge_alone,
    )
    order = order._replace(spread=open_spread(asked.place, order))
    return orders_by_mode(with_role_endpoints(order, os.environ), asked.contest.mode)


def _evaluate_each(orders: "Sequence[EvaluationOrder]") -> int:
    """The worst exit code. The first judge comes last: its settings stay with the run."""
    from jobs.stored.open import stored_run

    with stored_run(orders[0].folder, None, os.environ) as stored:
        *others, last = [order._replace(stored=stored) for order in orders]
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
