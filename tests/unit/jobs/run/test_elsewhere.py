"""What is left of a stage goes to other processes, if there are any and a model is asked."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from engine.ask import Ask
from engine.files.journal import Journal
from engine.files.records import read_ids, read_records
from engine.run_folder import RunFolder
from engine.stage import StageFiles, StagePass
from engine.testing.calls import completed
from jobs.documents.chunk_documents import CHUNKS
from jobs.run.elsewhere import Elsewhere, StageLeft
from jobs.run.run_stages import StagesEnd, run_stages
from jobs.run.stages import Items, ItemWork, Stage, StageContext, file_window, only_settings
from schemas.documents import Chunk
from schemas.outcomes import Outcome
from schemas.record import Record
from schemas.requests import Request
from schemas.settings import RunSettings
from tests.unit.jobs.evaluation.made_run import SUBJECTS, make_run, make_settings
from tests.unit.jobs.run.contexts import make_context

SETTINGS = make_settings()


class Title(Record):
    title_id: str


def list_chunks(context: StageContext[None], files: StageFiles[Title]) -> Items[Chunk]:
    path = context.folder.results_path(CHUNKS.name)
    chunks = read_records(path, Chunk, is_wanted=files.is_unfinished)
    return Items(chunks, len(SUBJECTS), len(files.finished))


async def write_title(chunk: Chunk, _: Ask, __: RunSettings) -> Sequence[Title]:
    return [Title(title_id=chunk.chunk_id)]


async def fail(chunk: Chunk, _: Ask, __: RunSettings) -> Sequence[Title]:
    raise AssertionError(chunk.chunk_id)


ASKED = ItemWork(items=list_chunks, needs=only_settings, work=write_title)
READ = replace(ASKED, window=file_window)
COMPUTED = replace(READ, elsewhere=lambda _, __: Elsewhere(write_title, window=1))
ALL_THERE = replace(COMPUTED, work=fail)


def stage(name: str, work: ItemWork[None, Chunk, Title, RunSettings]) -> Stage[None]:
    return Stage(name=name, label=name, result=Title, reads=(CHUNKS.name,), work=work)


class Others:
    """Does the work of a part of the items at a time, in this process."""

    def __init__(self, *, has_cores: bool = False, share: float = 0.5) -> None:
        self.has_cores = self.has_files = has_cores
        self._share = share
        self.seen: list[tuple[str, int]] = []

    async def work_off(self, left: StageLeft) -> StagePass:
        self.seen.append((left.stage, left.item_count))
        passed = StagePass()
        for number, item in enumerate(left.items):
            if number >= left.item_count * self._share:
                passed.unsettled["later"] += 1
                continue
            assert isinstance(item, Chunk)
            outputs = await left.way.work(item, None, None)
            await left.files.finish(item.chunk_id, outputs)
            left.note_finished(0)
        return passed


async def take(
    folder: RunFolder, others: Others, **works: ItemWork[None, Chunk, Title, RunSettings]
) -> StagesEnd:
    async with Journal(folder.journal_path) as journal:

        async def ask(request: Request) -> Outcome:
            return completed(request)

        context = make_context(folder, SETTINGS, ask, journal)
        stages = tuple(stage(name, work) for name, work in works.items())
        return await run_stages(stages, replace(context, spread=others))


async def test_only_what_asks_goes_elsewhere_and_only_what_is_left(tmp_path: Path) -> None:
    folder, others = make_run(tmp_path / "run", SETTINGS), Others(has_cores=True)

    first = await take(folder, others, read=READ, asked=ASKED)
    second = await take(folder, others, read=READ, asked=ASKED)

    assert others.seen == [("asked", 12), ("asked", 6)]
    assert (first.is_done, second.is_done) == (False, False)
    assert first.describe_left() == "6 items of stage asked are left (later 6)"
    ids = set(read_ids(folder.results_path("read"), Title))
    assert len(ids) == 12
    assert len(set(read_ids(folder.results_path("asked"), Title))) == 9


async def test_much_work_that_asks_nobody_goes_where_there_are_other_cores(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", SETTINGS)
    others, blind = Others(has_cores=True, share=1.0), Others()

    there = await take(folder, others, read=ALL_THERE)
    here = await take(folder, blind, anew=COMPUTED)

    assert (there.is_done, here.is_done) == (True, True)
    assert (others.seen, blind.seen) == ([("read", 12)], [])
    for name in ("read", "anew"):
        assert len(set(read_ids(folder.results_path(name), Title))) == 12


async def test_what_others_cannot_do_of_it_is_done_here(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    folder, others = make_run(tmp_path / "run", SETTINGS), Others(has_cores=True)

    end = await take(folder, others, read=COMPUTED)

    assert end.is_done
    assert others.seen == [("read", 12)]
    assert "read: 6 are done here, as no worker could (later)" in caplog.messages
    assert len(list(read_ids(folder.results_path("read"), Title))) == 12
