"""Chunks with keys or personal data are sent to nobody, where that is wanted."""

import json
from pathlib import Path

from engine.files.journal import Journal
from engine.files.records import encode_record, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stopping import Stopping
from engine.testing.calls import completed
from engine.testing.stage_parts import FakeAsk
from jobs.dataset.ask_teacher import QUESTIONS
from jobs.dataset.coverage import FILE_NAME, write_coverage
from jobs.run.run_stages import run_stages
from schemas.dataset import ChunkCoverage, Rejection
from schemas.documents import HeldOutCheck
from tests.rows import each_row
from tests.unit.jobs.dataset.teacher import make_chunk
from tests.unit.jobs.evaluation.made_run import make_run, make_settings
from tests.unit.jobs.run.contexts import make_context

KEY = "AKIA" + "ABCDEFGHIJKLMNOP"
TEXTS = (
    "The kiln is hot at noon.",
    f"The kiln opens with {KEY} at noon.",
    "Ask jo@kiln.de at noon.",
)


async def ask_about(folder: RunFolder, sends: str) -> str:
    """All that was sent."""
    settings = make_settings(f"questions.sends={sends}")
    ids = tuple[str, ...]()
    check = HeldOutCheck(
        check_id="0" * 32, held_out_chunk_count=0, dropped_chunk_ids=ids, leaked_share=0.0
    )
    replace_file(folder.results_path("held_out_check"), [encode_record(check)])
    replace_file(folder.results_path("chunks"), [encode_record(make_chunk(t)) for t in TEXTS])
    ask = FakeAsk(lambda request: completed(request, json.dumps({"questions": []})))
    async with Journal(folder.journal_path) as journal:
        await run_stages((QUESTIONS,), make_context(folder, settings, ask, journal))
    return "\n".join(str(body["messages"]) for body in ask.bodies)


@each_row("sends, sent", [("all", 3), ("no_secrets", 2), ("no_personal", 1)])
async def test_only_what_may_be_sent_is_sent(sends: str, sent: int, tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", make_settings())

    text = await ask_about(folder, sends)

    assert text.count("at noon.") == sent
    assert (KEY in text) is (sends == "all")
    assert ("jo@kiln.de" in text) is (sends != "no_personal")
    dropped = list(read_records(folder.rejected_path, Rejection))
    private = [each for each in dropped if each.reason == "holds_private_data"]
    assert len(private) == 3 - sent
    assert not any(KEY in each.model_dump_json() for each in private)


async def test_chunk_that_was_sent_to_nobody_is_not_counted_as_asked(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", make_settings())
    await ask_about(folder, "no_personal")

    await write_coverage(folder, Stopping())

    counted = list(read_records(folder.run_dir / FILE_NAME, ChunkCoverage))
    assert sum(each.is_asked for each in counted) == 1
    withheld = [each for each in counted if "holds_private_data" in each.dropped]
    assert [each.is_asked for each in withheld] == [False, False]
