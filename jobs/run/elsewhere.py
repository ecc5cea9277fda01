"""What a stage leaves to other processes, and how it is done there."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

from engine.stage import StageFiles, StagePass
from schemas.record import Record


class StageLeft(NamedTuple):
    """What is left of a stage: its unfinished items, drawn lazily, and about how many.

    `work` and `needs` are those of its ItemWork. Results are of `kind`, and are to end up in
    `files`. `note_finished` is told of each item that has, and how many things were dropped in it.
    """

    stage: str
    kind: type[Record]
    work: Callable[..., Any]
    needs: Callable[..., Any]
    items: Iterator[Record]
    item_count: int
    files: StageFiles[Any]
    note_finished: Callable[[int], None]


class Spread(Protocol):
    """Has items worked on by other processes, so that they end as `run_stage` would end them."""

    async def work_off(self, left: StageLeft) -> StagePass:
        """Pass over what is left of a stage. Raises what `run_stage` raises."""
        ...
