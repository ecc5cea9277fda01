"""Has questions compared: by workers on a cluster where there are many, else here.

Workers compare, in parts (jobs.text.repeats.compare_parts); which question stays is decided by the
command, one after the other, so that it is the same wherever they are compared.
"""

import asyncio
import logging
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import orjson

from engine.files.records import read_records_by_id
from engine.run_folder import OWNER_ONLY, RunFolder
from engine.stage import StageFiles, open_stage_files
from engine.stopping import Stopping
from jobs.dataset.repeats.compare_texts import PartRepeats, compare_texts, open_part
from jobs.dataset.repeats.decide_repeats import (
    ComparedElsewhere,
    ComparedHere,
    Division,
    Repeats,
)
from jobs.dataset.repeats.sort_words import (
    COUNTS,
    Comparing,
    PartTexts,
    TextSlice,
    open_word_order,
    sort_words,
    write_word_order,
)
from jobs.run.elsewhere import Elsewhere, Placing, Spread, StageLeft
from jobs.run.stages import StageContext
from jobs.text.repeats.near_duplicates import NearDuplicates

LEAST_BYTES_ELSEWHERE = 32 << 20  # less is compared here before two workers are done
TEXTS_PER_PART = 50_000
FEWEST_PARTS, MOST_PARTS = 16, 1_024  # the fewest keep a few workers busy
SLICE_TEXTS = 10_000
SLICE_TEXTS_PER_PART = 100  # what belongs to a part of a slice is a line
WORD_SHARDS = 64
FOLDER_NAME = "repeats"
WORDS, REPEATS = "sorted_words", "found_repeats"

_log = logging.getLogger(__name__)


class Text(NamedTuple):
    """A question, or the like."""

    item_id: str
    text: str


class Texts(NamedTuple):
    """All that are to be compared, in their order, as often as they are read.

    `about` how many there are, in files at `paths`. `seen` compares them here; it has nothing yet.
    """

    read: Callable[[], Iterable[Text]]
    about: int
    paths: Sequence[Path]
    min_similarity: float
    by_phrases: bool
    seen: NearDuplicates


@asynccontextmanager
async def open_repeats(context: StageContext[None], texts: Texts) -> AsyncIterator[Repeats]:
    """What tells repeats of these texts, which are then asked for once more in the same order.

    Raises:
        EngineError: what ended the work of the workers.
    """
    own_dir = context.folder.run_dir / FOLDER_NAME
    await asyncio.to_thread(shutil.rmtree, own_dir, ignore_errors=True)  # a killed call's
    spread = context.spread
    if spread is None or not spread.has_cores or _size_bytes(texts) < LEAST_BYTES_ELSEWHERE:
        yield ComparedHere(texts.seen)
        return
    folder = RunFolder(own_dir / secrets.token_hex(4))
    try:
        async with _Finding(texts, spread, folder, context.stopping).found() as repeats:
            yield repeats
    finally:
        await asyncio.to_thread(shutil.rmtree, own_dir, ignore_errors=True)


def _size_bytes(texts: Texts) -> int:
    return sum(path.stat().st_size for path in texts.paths if path.exists())


def divide(text_count: int) -> Division:
    """Parts that fit into the memory of a worker, and slices whose parts are not too small."""
    part_count = min(max(text_count // TEXTS_PER_PART, FEWEST_PARTS), MOST_PARTS)
    slice_texts = max(SLICE_TEXTS, SLICE_TEXTS_PER_PART * part_count)
    return Division(slice_texts, part_count)


class _Finding:
    """What workers do for one pass over texts, in a folder of its own."""

    def __init__(self, texts: Texts, spread: Spread, folder: RunFolder, stopping: Stopping) -> None:
        self._texts = texts
        self._spread = spread
        self._folder = folder
        self._stopping = stopping
        self._division = divide(texts.about)
        self._comparing = Comparing(
            min_similarity=texts.min_similarity,
            by_phrases=texts.by_phrases,
            part_count=self._division.part_count,
        )

    @asynccontextmanager
    async def found(self) -> AsyncIterator[Repeats]:
        """Have all compared; then what they repeat can be asked."""
        folder, division = self._folder, self._division
        _log.info("some %d questions are compared by workers", self._texts.about)
        await asyncio.to_thread(self._begin)
        async with open_stage_files(folder, WORDS, PartTexts) as words:
            await self._spread.work_off(self._left_of_words(words))
        async with open_stage_files(folder, REPEATS, PartRepeats) as repeats:
            await self._spread.work_off(self._left_of_repeats(repeats))
            await asyncio.to_thread(folder.results_path(WORDS).unlink)
            yield ComparedElsewhere(repeats.results, division, self._texts.seen)

    def _begin(self) -> None:
        folder = self._folder
        for name in (WORDS, REPEATS):
            folder.finished_path(name).parent.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)
        folder.journal_path.touch()  # nothing is asked
        write_word_order(folder, (each.text for each in self._texts.read()), self._comparing)

    def _left_of_words(self, files: StageFiles[PartTexts]) -> StageLeft:
        return StageLeft(
            stage=WORDS,
            kind=PartTexts,
            way=Elsewhere(sort_words, window=1),
            needs=open_word_order,
            items=self._slices(),
            item_count=self._slices_about(),
            files=files,
            note_finished=_ignore,
            placing=Placing(
                self._folder,
                min(WORD_SHARDS, self._slices_about()),
                lambda each: int(each.slice_id),
                [self._folder.results_path(COUNTS)],
            ),
        )

    def _left_of_repeats(self, files: StageFiles[PartRepeats]) -> StageLeft:
        division = self._division
        return StageLeft(
            stage=REPEATS,
            kind=PartRepeats,
            way=Elsewhere(compare_texts, window=1, remembers=True),
            needs=open_part,
            items=read_records_by_id(self._folder.results_path(WORDS), PartTexts),
            item_count=self._slices_about() * division.part_count,
            files=files,
            note_finished=_ignore,
            placing=Placing(self._folder, division.part_count, lambda each: int(each.part)),
        )

    def _slices_about(self) -> int:
        return 1 + self._texts.about // self._division.slice_texts

    def _slices(self) -> Iterator[TextSlice]:
        waiting, size, number = iter(self._texts.read()), self._division.slice_texts, 0
        while texts := [tuple(each) for each in islice(waiting, size)]:
            self._stopping.raise_if_requested()
            packed = orjson.dumps([number * size, texts]).decode()
            yield TextSlice(slice_id=str(number), comparing=self._comparing, packed=packed)
            number += 1


def _ignore(_: int) -> None:
    """What workers do here is no item of the run."""
