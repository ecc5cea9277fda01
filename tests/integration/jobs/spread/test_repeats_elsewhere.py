"""Repeated questions are found by workers as by the command, also where workers are lost."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from engine.files.journal import Journal
from engine.files.records import encode_record
from engine.files.replace import replace_file
from engine.lease.lending import Lending
from engine.run_folder import RunFolder
from engine.stats.counters import Stats
from engine.stopping import Stopping
from engine.testing.stage_parts import FakeAsk
from jobs.dataset.questions.keep_questions import KEPT_QUESTIONS
from jobs.dataset.questions.sift_drafts import STAGE as QUESTIONS_NAME
from jobs.dataset.repeats.find_repeats import FOLDER_NAME, REPEATS, WORDS
from jobs.run.elsewhere import StageLeft
from jobs.run.run_stages import run_stages
from jobs.send.sharded.outside.stores import StoreOrder
from jobs.send.sharded.shards import Shard
from jobs.spread.work_shard import work_shard
from schemas.dataset import Question
from schemas.settings import RunSettings
from tests.integration.jobs.spread.others import Others
from tests.integration.jobs.spread.repeated import make_questions, written
from tests.unit.jobs.evaluation.made_run import make_settings
from tests.unit.jobs.run.contexts import make_context

STAGE = KEPT_QUESTIONS.name


class OthersOfWhomSomeAreLost(Others):
    """Each shard was begun by a worker that wrote a part of what it should, and then was lost."""

    async def begin(self, shard: Shard, left: StageLeft) -> None:
        lending = Lending(
            shard.folder.parent / "lost.jsonl", cap_usd=None, spent_usd=0.0, holder_count=1
        )
        await work_shard(shard, self._order, lending, Stopping(), Stats())
        lending.end()
        [segment] = shard.segments()
        own = RunFolder(segment.folder)
        for path in (own.results_path(left.stage), own.finished_path(left.stage)):
            lines = path.read_bytes().splitlines(keepends=True)
            half = len(lines) // 2
            path.write_bytes(b"".join(lines[:half]) + b"".join(lines[half:])[:10])


async def keep(
    folder: RunFolder,
    questions: Sequence[Question],
    settings: RunSettings,
    kind: type[Others] | None = None,
    store: StoreOrder | None = None,
) -> Others | None:
    """Decide of these questions which ones are kept, with what others compare."""
    replace_file(folder.results_path(QUESTIONS_NAME), map(encode_record, questions))
    async with Journal(folder.journal_path) as journal:
        others = None if kind is None else kind(folder, journal, settings, store)
        context = make_context(folder, settings, FakeAsk(), journal)
        end = await run_stages((KEPT_QUESTIONS,), replace(context, spread=others))
    assert end.is_done
    return others


@pytest.mark.parametrize(
    ("filters", "kind", "has_store"),
    [
        ("grounded", OthersOfWhomSomeAreLost, False),
        ("phrases", Others, False),
        ("grounded", Others, True),
    ],
)
async def test_what_is_kept_is_to_the_letter_what_the_command_keeps_by_itself(
    tmp_path: Path, filters: str, kind: type[Others], has_store: bool
) -> None:
    store_dir = tmp_path / "store"
    store_dir.mkdir()
    store = StoreOrder(url=f"file://{store_dir}") if has_store else None
    questions, settings = make_questions(90), make_settings(f"questions.filters={filters}")
    here, there = (RunFolder(tmp_path / name) for name in ("here", "there"))
    for folder in (here, there):
        folder.create()
        await keep(folder, questions[:30], settings)  # this is decided before

    await keep(here, questions, settings)
    others = await keep(there, questions, settings, kind, store)

    assert others is not None
    assert others.finished[WORDS] == 1
    assert others.finished[REPEATS] == 16
    kept = here.results_path(STAGE).read_bytes().splitlines()
    assert 30 < len(kept) < 80
    assert written(there) == written(here)
    assert not (there.run_dir / FOLDER_NAME).exists()
    assert not any(store_dir.iterdir())
