"""`distill prompts`: the prompts, and a copy of them to make one's own of."""

from pathlib import Path
from typing import Annotated

import typer


def prompts(
    copy: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write those that are not there yet into this folder."),
    ] = None,
    check: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Check a folder of own prompts.")
    ] = None,
) -> None:
    """List the prompts, copy them to be edited, or check edited ones. Sends nothing."""
    from engine.wire.tokens import count_tokens
    from jobs.prompts import packaged_prompt, prompt_names
    from jobs.prompts.own_prompts import check_prompts, copy_prompts

    if copy is not None:
        written = copy_prompts(copy)
        there = len(prompt_names()) - len(written)
        print(f"wrote {len(written)} prompts to {copy}; {there} were there and stay as they are")
        print(f"use them with --set prompts_dir={copy}, or prompts_dir in a file of settings")
    if check is not None:
        checked = check_prompts(check)
        changed = ", ".join(checked.changed) or "none"
        print(f"{check}: fit to be used; other than this version's: {changed}")
        for stray in checked.strays:
            print(stray)
    if copy is None and check is None:
        for name in prompt_names():
            print(f"{name:<34} {count_tokens(packaged_prompt(name)):>5,} tokens")
