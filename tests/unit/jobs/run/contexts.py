"""What stages are given in tests that take them."""

from engine.ask import Ask
from engine.files.journal import Journal
from engine.run_folder import RunFolder
from engine.stopping import Stopping
from jobs.run.stages import StageContext
from schemas.settings import RunSettings


def make_context(
    folder: RunFolder, settings: RunSettings, ask: Ask, journal: Journal
) -> StageContext[None]:
    """The context of a run that goes on to its end and shows no progress."""
    return StageContext(
        folder=folder,
        settings=settings,
        ask=ask,
        journal=journal,
        stopping=Stopping(),
        order=None,
    )
