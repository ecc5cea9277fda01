"""What is left of a stage goes to other processes, if there are any and a model is asked."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.ask import Ask
from engine.files.journal import Journal
from engine.files.records import read_ids, read_records
from engine.run_folder import RunFolder
from engine.stage import StageFiles, StagePass
from engine.testing.calls import completed
from jobs.documents.chunk_documents import CHUNKS
from jobs.run.elsewhere import StageLeft
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


ASKED = ItemWork(items=list_chunks, needs=only_settings, work=write_title)
READ = replace(ASKED, window=file_window)


def stage(name: str, work: ItemWork[None, Chunk, Title, RunSettings]) -> Stage[None]:
    return Stage(name=name, label=name, result=Title, reads=(CHUNKS.name,), work=work)


class Elsewhere:
    """Does the work of half of the items at a time, in this process."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []

    async def work_off(self, left: StageLeft) -> StagePass:
        self.seen.append((left.stage, left.item_count))
        passed = StagePass()
        for number, item in enumerate(left.items):
            if number * 2 >= left.item_count:
                passed.unsettled["later"] += 1
                continue
            assert isinstance(item, Chunk)
            outputs = await left.work(item, None, None)
            await left.files.finish(item.chunk_id, outputs)
            left.note_finished(0)
        return passed


async def take(folder: RunFolder, elsewhere: Elsewhere) -> StagesEnd:
    async with Journal(folder.journal_path) as journal:

        async def ask(request: Request) -> Outcome:
            return completed(request)

        context = make_context(folder, SETTINGS, ask, journal)
        stages = (stage("read", READ), stage("asked", ASKED))
        return await run_stages(stages, replace(context, spread=elsewhere))


async def test_only_what_asks_goes_elsewhere_and_only_what_is_left(tmp_path: Path) -> None:
    folder, elsewhere = make_run(tmp_path / "run", SETTINGS), Elsewhere()

    first = await take(folder, elsewhere)
    second = await take(folder, elsewhere)

    assert elsewhere.seen == [("asked", 12), ("asked", 6)]
    assert (first.is_done, second.is_done) == (False, False)
    assert first.describe_left() == "6 items of stage asked are left (later 6)"
    ids = set(read_ids(folder.results_path("read"), Title))
    assert len(ids) == 12
    assert len(set(read_ids(folder.results_path("asked"), Title))) == 9
