"""`distill fetch`: the folder of a run from the store in which it is kept."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from jobs.commands.options import LogFlags

Url = Annotated[
    str,
    typer.Argument(metavar="URL", help="What --store was given: s3://BUCKET/PREFIX."),
]
RunDir = Annotated[Path, typer.Argument(metavar="RUN", help="The folder to make.")]
TakeOver = Annotated[
    bool,
    typer.Option(
        "--take-over",
        help="Go on with the run in this folder; whoever did until now is stopped. Without it the "
        "folder is a copy to look at.",
    ),
]


def fetch(url: Url, run_dir: RunDir, *, take_over: TakeOver = False, log: LogFlags) -> None:
    """Fetch a run, or a file of replies, from the bucket that it is kept in."""
    from engine.clock import SystemClock
    from engine.run_folder import RunFolder
    from jobs.process import run_to_end
    from jobs.send.sharded.outside.stores import read_store
    from jobs.stored.fetch import fetch_run

    order = read_store(url, os.environ, flag="distill fetch")
    fetching = fetch_run(order, RunFolder(run_dir), takes_over=take_over, clock=SystemClock())
    fetched = run_to_end(fetching)
    size_mb = fetched.size_bytes / 1e6
    print(f"{run_dir}: {fetched.file_count:,} files, {size_mb:,.1f} MB, as of {fetched.last.at}")
    if fetched.unsealed_usd:
        print(
            f"${fetched.unsealed_usd:.4f} may have been spent that the store does not tell: it "
            "counts as spent",
            file=sys.stderr,
        )
    if take_over:
        out_path = run_dir / fetched.last.out_name
        again = f"send IN --out {out_path}" if fetched.last.out_name else f"run {run_dir}"
        print(f"`distill {again}` goes on with it")
    else:
        print("a copy, to look at: --take-over makes a folder that goes on with the run")
