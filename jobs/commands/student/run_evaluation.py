"""What an evaluation that is ordered shows: its plan, or its results once it is done."""

import os
import sys
from typing import TYPE_CHECKING

from engine.errors import TransientError
from jobs.process import EXIT_OK, EXIT_TRY_LATER

if TYPE_CHECKING:
    from jobs.evaluation.evaluate import EvaluationOrder


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
