"""Items that a small stage asks one request each for."""

from collections.abc import Iterable
from pathlib import Path

from engine.ask import Ask
from engine.engine import Engine
from engine.files.journal import Journal
from engine.files.records import read_records
from engine.run_folder import RunFolder
from engine.stage import StagePass, Work, open_stage_files, run_stage
from engine.stopping import Stopping
from engine.testing.calls import chat_request
from engine.testing.stage_parts import FakeLane, SilentProgress
from schemas.dataset import Rejection
from schemas.record import Record


class Item(Record):
    item_id: str


class Result(Record):
    result_id: str
    item_id: str


async def ask_once(item: Item, ask: Ask) -> list[Result | Rejection]:
    await ask(chat_request(f"r-{item.item_id}"))
    return [Result(result_id=f"{item.item_id}.{n}", item_id=item.item_id) for n in range(2)]


def make_items(count: int) -> list[Item]:
    return [Item(item_id=f"i{n}") for n in range(count)]


async def pass_over(
    run_dir: Path,
    lane: FakeLane,
    items: Iterable[Item],
    *,
    work: Work[Item, Result] = ask_once,
    window: int = 4,
    stopping: Stopping | None = None,
) -> StagePass:
    folder = RunFolder(run_dir)
    folder.create()
    stopping = stopping or Stopping()
    async with (
        Journal(folder.journal_path) as journal,
        open_stage_files(folder, "s", Result) as files,
    ):
        engine = Engine(journal=journal, lane=lane, stopping=stopping)
        return await run_stage(
            (item for item in items if files.is_unfinished(item.item_id)),
            work,
            ask=engine.ask,
            files=files,
            window=window,
            stopping=stopping,
            progress=SilentProgress(),
        )


def result_ids(run_dir: Path) -> list[str]:
    path = RunFolder(run_dir).results_path("s")
    return sorted(result.result_id for result in read_records(path, Result))
