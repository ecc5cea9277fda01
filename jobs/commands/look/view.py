"""`distill view`: a page on this machine over a run, at any time."""

import asyncio
import getpass
from typing import Annotated

import typer

from engine.errors import ConfigError
from jobs.commands.options import BegunRun

Port = Annotated[int, typer.Option(min=0, max=65_535, help="The port; 0: any that is free.")]
OpensBrowser = Annotated[bool, typer.Option("--open", help="Also open it in a browser.")]


def view(
    run_dir: BegunRun,
    port: Port = 0,
    opens_browser: OpensBrowser = False,
) -> None:
    """Look at rows, rejected items, sources and scores of a run, in a page. Changes nothing."""
    from jobs.settings.run_config import require_run
    from jobs.view.guard import make_token
    from jobs.view.serve import serve_page
    from jobs.view.server import PageOrder

    order = PageOrder(require_run(run_dir), "view", make_token())
    asyncio.run(serve_page(order, port=port, opens_browser=opens_browser))


def person_named(name: str | None) -> str:
    """Who decides: the name given, or that of this system's user.

    Raises:
        ConfigError: the name is empty.
    """
    found = (getpass.getuser() if name is None else name).strip()
    if not found:
        raise ConfigError("the name of the reviewer is empty; give one")
    return found
