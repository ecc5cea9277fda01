"""`distill review`: a page on this machine on which people decide about rows."""

import asyncio
from typing import Annotated

import typer

from jobs.commands.look.view import OpensBrowser, Port, person_named
from jobs.commands.options import BegunRun


def review(
    run_dir: BegunRun,
    reviewer: Annotated[
        str | None, typer.Option(help="Who reviews; by default this system's user.")
    ] = None,
    count: Annotated[
        int, typer.Option("--n", min=1, help="How many rows are drawn to be reviewed.")
    ] = 200,
    seed: Annotated[int, typer.Option(help="Of the draw; the same for all who review.")] = 0,
    port: Port = 0,
    opens_browser: OpensBrowser = False,
) -> None:
    """Keep, drop, edit and comment rows, in a page. The next `distill run` applies it, for free."""
    from jobs.settings.run_config import require_run
    from jobs.view.guard import make_token
    from jobs.view.serve import serve_page
    from jobs.view.server import PageOrder

    order = PageOrder(
        require_run(run_dir),
        "review",
        make_token(),
        person=person_named(reviewer),
        sample_count=count,
        seed=seed,
    )
    asyncio.run(serve_page(order, port=port, opens_browser=opens_browser))
