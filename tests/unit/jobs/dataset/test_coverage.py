from pathlib import Path

from engine.files.journal import Journal
from engine.files.records import encode_record, read_ids, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stage import FinishedItem
from engine.stopping import Stopping
from jobs.dataset.coverage import (
    DOCUMENTS_FILE_NAME,
    FILE_NAME,
    read_coverage,
    read_document_coverage,
    write_coverage,
)
from jobs.dataset.rows.export_dataset import export_dataset
from jobs.show.describe import describe_run
from jobs.show.summarize import summarize_run
from schemas.dataset import ChunkCoverage, DocumentCoverage, Provenance, Question, Rejection
from schemas.documents import Chunk
from schemas.record import content_id
from tests.unit.jobs.dataset.judge.judged_run import make_answered_run
from tests.unit.jobs.evaluation.made_run import make_settings

SETTINGS = make_settings()


async def make_covered_run(tmp_path: Path) -> RunFolder:
    """Twelve chunks, eleven of them asked about; the answer about the anvil was dropped."""
    folder = make_answered_run(tmp_path / "run", SETTINGS)
    chunks = list(read_records(folder.results_path("chunks"), Chunk))
    replace_file(
        folder.finished_path("questions"),
        [
            encode_record(FinishedItem(item_id=c.chunk_id, result_count=1, rejection_count=0))
            for c in chunks
            if c.title != "bench"
        ],
    )
    questions = read_records(folder.results_path("kept_questions"), Question)
    anvil = next(each for each in questions if "anvil" in each.text)
    chunk = next(each for each in chunks if each.title == "anvil")
    path = folder.results_path("answers")
    kept = [
        line for line in path.read_bytes().splitlines() if anvil.question_id.encode() not in line
    ]
    replace_file(path, kept)
    rejection = Rejection.of(anvil.question_id, stage="answers", reason="not_answered")
    replace_file(folder.rejected_path, [encode_record(rejection.of_chunk(chunk))])
    async with Journal(folder.journal_path) as journal:
        await export_dataset(folder, SETTINGS, journal, Stopping())
    await write_coverage(folder, Stopping())
    return folder


async def test_every_chunk_has_one_line_with_what_became_of_it(tmp_path: Path) -> None:
    folder = await make_covered_run(tmp_path)

    lines = {each.path: each for each in read_records(folder.run_dir / FILE_NAME, ChunkCoverage)}
    assert {each.chunk_id for each in lines.values()} == set(
        read_ids(folder.results_path("chunks"), Chunk)
    )
    anvil, saw, bench, loom = (lines[f"{name}.md"] for name in ("anvil", "saw", "bench", "loom"))
    assert (anvil.kept_questions, anvil.answers, anvil.rows) == (1, 0, 0)
    assert anvil.dropped == {"not_answered": 1}
    assert (saw.rows, saw.is_asked, saw.dropped) == (1, True, {})
    assert not bench.is_asked
    assert (loom.side, loom.answers) == ("held_out", 0)


async def test_status_sums_it_up(tmp_path: Path) -> None:
    folder = await make_covered_run(tmp_path)

    assert read_coverage(folder) == (12, 11, 8, 7)
    shown = describe_run(summarize_run(folder))
    assert "coverage         11 of 12 chunks asked; of 8 to train on, 7 have a row" in shown
    named = "anvil.md (1 of 1 chunks asked; dropped: not_answered 1)"
    assert f"of 8 documents to train on, 7 have a row; without: {named}" in shown


async def test_every_document_has_one_line_with_the_sums_of_its_chunks(tmp_path: Path) -> None:
    folder = await make_covered_run(tmp_path)
    path = folder.results_path("chunks")
    chunks = list(read_records(path, Chunk))
    one = {"document_id": content_id("one")}
    together = ("anvil", "saw")
    replace_file(
        path,
        (encode_record(c.model_copy(update=one) if c.title in together else c) for c in chunks),
    )
    drops = folder.rejected_path.read_bytes().splitlines()
    whole = Rejection.of(content_id("one"), stage="documents", reason="unread_pages")
    replace_file(folder.rejected_path, [*drops, encode_record(whole)])

    await write_coverage(folder, Stopping())

    lines = read_records(folder.run_dir / DOCUMENTS_FILE_NAME, DocumentCoverage)
    by_id = {each.document_id: each for each in lines}
    both = by_id[content_id("one")]
    assert len(by_id) == 11
    assert (both.chunks, both.asked_chunks, both.trained_chunks) == (2, 2, 2)
    assert (both.kept_questions, both.answers, both.rows) == (2, 1, 1)
    assert both.dropped == {"not_answered": 1, "unread_pages": 1}
    counts = read_document_coverage(folder)
    assert counts is not None
    assert (counts.trained, counts.with_rows) == (7, 7)
    assert counts.poorest[0] == both


async def test_reasons_stand_in_the_same_order_in_whatever_order_things_were_dropped(
    tmp_path: Path,
) -> None:
    folder = await make_covered_run(tmp_path)
    chunk = next(iter(read_records(folder.results_path("chunks"), Chunk)))
    drops = [
        encode_record(Rejection.of(reason, stage="answers", reason=reason).of_chunk(chunk))
        for reason in ("too_long", "copied", "too_short")
    ]
    written = []
    for lines in (drops, drops[::-1]):
        replace_file(folder.rejected_path, lines)
        await write_coverage(folder, Stopping())
        names = (FILE_NAME, DOCUMENTS_FILE_NAME)
        written.append([(folder.run_dir / name).read_bytes() for name in names])

    assert written[0] == written[1]


async def test_row_that_needs_two_chunks_counts_for_the_other_one_too(tmp_path: Path) -> None:
    folder = await make_covered_run(tmp_path)
    path = folder.dataset_dir / "provenance.jsonl"
    rows = list(read_records(path, Provenance))
    chunks = {each.title: each for each in read_records(folder.results_path("chunks"), Chunk)}
    second = {"second_chunk_id": chunks["saw"].chunk_id}
    replace_file(path, map(encode_record, [rows[0].model_copy(update=second), *rows[1:]]))

    await write_coverage(folder, Stopping())

    lines = {each.path: each for each in read_records(folder.run_dir / FILE_NAME, ChunkCoverage)}
    assert (lines["saw.md"].rows, lines["saw.md"].second_of_rows) == (1, 1)
    assert sum(each.rows for each in lines.values()) == len(rows)


def test_run_without_coverage_has_none(tmp_path: Path) -> None:
    assert read_coverage(RunFolder(tmp_path)) is None
