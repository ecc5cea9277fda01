"""Asks for consent before changed settings or documents make anything be bought anew."""

from collections.abc import Container, Iterator
from typing import NamedTuple

from engine.errors import ConfigError
from engine.run_folder import RunFolder
from engine.stopping import Stopping
from jobs.run.changing.changes import RunChanges
from jobs.run.changing.preview import Preview, preview_changes
from jobs.run.servers import run_price
from jobs.run.stages import Stages
from schemas.settings import RunSettings

NO_CHANGES = RunChanges((), ())


class Kept(NamedTuple):
    """The run that is kept, the settings that it would go on with, and its stages."""

    folder: RunFolder
    settings: RunSettings
    stages: Stages[None]


async def check_consent(changes: RunChanges, kept: Kept, stopping: Stopping) -> None:
    """Refuse what asks anew, also what a threshold brings back: it is bought only with consent.

    Raises:
        ConfigError: something would be asked that would not be without the changes.
    """
    settings = kept.settings
    price = run_price(settings)

    async def preview(changes: RunChanges, *, passed_over: Container[str] = ()) -> Preview:
        return await preview_changes(
            kept.folder, settings, changes, price, stopping, kept.stages, passed_over=passed_over
        )

    found = await preview(changes)
    if changes.ask_anew:
        raise ConfigError(_explain(changes, found, kept))
    added = frozenset(document.document_id for document in changes.added)
    before = await preview(NO_CHANGES, passed_over=added)
    if found.asked_anew > before.asked_anew and found.worst_case_usd != 0.0:
        raise ConfigError(_explain(changes, found.beyond(before), kept))


def _explain(changes: RunChanges, preview: Preview, kept: Kept) -> str:
    lines = [
        f"{kept.folder.run_dir} was made with other settings or documents:",
        *(f"  {change}" for change in changes.describe()),
        f"Of {preview.settled:,} settled requests {_explain_cost(preview)}. Nothing paid for is "
        "deleted.",
        "Go on under these with --accept-changes.",
        *_ways_back(changes),
        "Or name another run folder.",
    ]
    return "\n".join(lines)


def _explain_cost(preview: Preview) -> str:
    if not preview.asked_anew:
        return f"{preview.used_again:,} still apply, and no other is needed: going on costs nothing"
    usd = preview.worst_case_usd
    dollars = "no price of the model is known" if usd is None else f"at most ${usd:.4f}"
    return (
        f"{preview.used_again:,} still apply up to stage {preview.stage}, where "
        f"{preview.asked_anew:,} would be asked anew ({dollars}); later stages ask anew what "
        "depends on new replies"
    )


def _ways_back(changes: RunChanges) -> Iterator[str]:
    """How to keep what was, for each kind of change."""
    flags = " ".join(change.former for change in changes.settings if change.former)
    if flags:
        yield (
            "To keep the former settings, leave out the flags, variables (DISTILL_...) or lines of "
            f"a file that give others, or add: {flags}"
        )
    if any(not change.former for change in changes.settings):
        yield (
            "To keep the former prompts or judge, go on with the version, prompts_dir or "
            "evaluation that they are of."
        )
    if changes.documents:
        yield "To keep the former documents, put these files back as they were."
    if changes.added:
        yield "To leave new documents out, move them elsewhere."
