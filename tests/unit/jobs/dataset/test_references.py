"""Held-out questions may be answered too: for the evaluation alone."""

import json
from pathlib import Path

from engine.files.journal import Journal
from engine.files.records import encode_record, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.testing.calls import completed
from engine.testing.stage_parts import FakeAsk
from jobs.dataset.ask_teacher import ANSWERS
from jobs.dataset.rows.export_dataset import EXPORT
from jobs.run.run_stages import run_stages
from schemas.documents import Chunk, HeldOutCheck
from schemas.outcomes import Outcome
from schemas.requests import Request
from schemas.settings import RunSettings
from tests.unit.jobs.evaluation.made_run import SUBJECTS, make_run, make_settings
from tests.unit.jobs.run.contexts import make_context


def say(request: Request) -> Outcome:
    """The sentence of the chunk, for the question about it."""
    shown = json.loads(request.payload)["messages"][-1]["content"]
    name = shown.rpartition("known of the ")[2].rstrip("?")
    return completed(request, json.dumps({"evidence": [2], "answer": SUBJECTS[name]}))


async def answer(folder: RunFolder, settings: RunSettings) -> FakeAsk:
    ask = FakeAsk(say)
    ids = tuple[str, ...]()
    check = HeldOutCheck(
        check_id="0" * 32, held_out_chunk_count=3, dropped_chunk_ids=ids, leaked_share=0.0
    )
    replace_file(folder.results_path("held_out_check"), [encode_record(check)])
    async with Journal(folder.journal_path) as journal:
        await run_stages((ANSWERS, EXPORT), make_context(folder, settings, ask, journal))
    return ask


def held_out(folder: RunFolder) -> dict[str, str]:
    lines = (folder.dataset_dir / "held_out.jsonl").read_text().splitlines()
    return {each["path"]: each.get("reference", "") for each in map(json.loads, lines)}


async def test_held_out_questions_have_references_that_no_row_has(tmp_path: Path) -> None:
    settings = make_settings("answers.held_out=true")
    folder = make_run(tmp_path / "run", settings)

    ask = await answer(folder, settings)

    assert len(ask.requests) == 12
    names = ("lathe", "kiln", "loom")
    assert held_out(folder) == {f"{name}.md": SUBJECTS[name] for name in names}
    rows = (folder.dataset_dir / "train.jsonl").read_text()
    rows += (folder.dataset_dir / "validation.jsonl").read_text()
    assert len(rows.splitlines()) == 9
    assert not any(SUBJECTS[name] in rows for name in names)


async def test_without_the_setting_they_are_not_asked(tmp_path: Path) -> None:
    settings = make_settings()
    folder = make_run(tmp_path / "run", settings)

    ask = await answer(folder, settings)

    assert len(ask.requests) == 9
    assert set(held_out(folder).values()) == {""}
    chunks = read_records(folder.results_path("chunks"), Chunk)
    assert sum(chunk.side == "held_out" for chunk in chunks) == 3
