"""What a stage leaves to other processes, and how it is done there."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from engine.run_folder import RunFolder
from engine.stage import StageFiles, StagePass
from schemas.record import Record


def ignore_line(_: bytes) -> None:
    """A `note_result` that does nothing."""


def as_it_is(item: Record) -> Record:
    """The `pack` of a work whose items say all that it needs."""
    return item


class Elsewhere(NamedTuple):
    """How items are worked on by other processes: what is called there in place of `work`.

    It raises TransientError for an item that cannot be done there. `window` is how many items a
    process takes at once, None: as many as requests may be in flight. `note_result` is told of
    each result, by its line, when it has come back. `remembers`: what comes of an item depends on
    those before it in its shard, so a worker that takes a shard over begins it anew. `pack` makes
    of an item what is handed over, under the same id; `needs` is called in place of the ItemWork's.
    """

    work: Callable[..., Any]
    window: int | None = None
    note_result: Callable[[bytes], None] = ignore_line
    remembers: bool = False
    pack: Callable[[Any], Record] = as_it_is
    needs: Callable[..., Any] | None = None


class Placing(NamedTuple):
    """Where items lie meanwhile: in a folder of their own, as they are no stage of the run.

    There are `shard_count` shards; an item is in that of its number. `needed` are the files of the
    folder that the work reads.
    """

    folder: RunFolder
    shard_count: int
    number_of: Callable[[Any], int]
    needed: Sequence[Path] = ()


class StageLeft(NamedTuple):
    """What is left of a stage: its unfinished items, drawn lazily, and about how many.

    `needs` is that of its ItemWork, `way` how it is done. Results are of `kind`, and are to end up
    in `files`. `note_finished` is told of each item that has, and how many things were dropped in
    it. `placing` None: they are items of the run, and lie where its do.
    """

    stage: str
    kind: type[Record]
    way: Elsewhere
    needs: Callable[..., Any]
    items: Iterator[Record]
    item_count: int
    files: StageFiles[Any]
    note_finished: Callable[[int], None]
    placing: Placing | None = None


class Spread(Protocol):
    """Has items worked on by other processes, so that they end as `run_stage` would end them.

    `has_cores`: they have others than those of this machine. `has_files`: they see its files.
    """

    @property
    def has_cores(self) -> bool:
        """As above."""
        ...

    @property
    def has_files(self) -> bool:
        """As above."""
        ...

    async def work_off(self, left: StageLeft) -> StagePass:
        """Pass over what is left of a stage. Raises what `run_stage` raises."""
        ...
