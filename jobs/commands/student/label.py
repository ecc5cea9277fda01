"""`distill label`: a page on this machine on which a person labels answers, without names."""

import asyncio
from typing import Annotated

import typer

from jobs.commands.look.view import OpensBrowser, Port, person_named
from jobs.commands.options import Assignments, BegunRun


def label(
    run_dir: BegunRun,
    count: Annotated[int, typer.Option("--n", min=1, help="How many answers are drawn.")] = 40,
    labeler: Annotated[
        str | None, typer.Option(help="Who labels; by default this system's user.")
    ] = None,
    port: Port = 0,
    opens_browser: OpensBrowser = False,
    assignments: Assignments = None,
) -> None:
    """Say yourself how good answers are, without knowing whose: it calibrates the judge."""
    from jobs.evaluation.read_evaluation import read_evaluation
    from jobs.settings.command import run_settings
    from jobs.settings.run_config import require_run
    from jobs.view.guard import make_token
    from jobs.view.label_answers import draw_tasks
    from jobs.view.serve import serve_page
    from jobs.view.server import PageOrder

    folder = require_run(run_dir)
    settings = run_settings(folder, None, {}, assignments or [])
    seed = settings.evaluation.seed
    tasks = draw_tasks(read_evaluation(folder, settings), count, seed)
    order = PageOrder(folder, "label", make_token(), person=person_named(labeler), tasks=tasks)
    asyncio.run(serve_page(order, port=port, opens_browser=opens_browser))
