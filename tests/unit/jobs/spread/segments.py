"""Runs with a call under way, and segments as workers write them."""

from collections.abc import Sequence

from engine.files.journal import Journal
from engine.files.records import read_records
from engine.run_folder import RunFolder
from engine.stage import FinishedItem, StageFiles, open_stage_files
from engine.testing.calls import chat_request, completed
from jobs.dataset.ask_teacher import QUESTIONS
from jobs.documents.chunk_documents import CHUNKS
from jobs.run.elsewhere import Elsewhere, StageLeft
from jobs.run.stages import ItemWork
from jobs.send.sharded.shards import Segment, ShardedCall
from jobs.spread.stage_calls import write_stage_call
from schemas.dataset import Question, Rejection
from schemas.documents import Chunk
from schemas.record import Record
from tests.unit.jobs.evaluation.made_run import make_question

COST_USD = 0.25


def read_chunks(folder: RunFolder) -> list[Chunk]:
    return list(read_records(folder.results_path(CHUNKS.name), Chunk))


def stage_left(items: Sequence[Record], files: StageFiles[Question]) -> StageLeft:
    """All of these items, to be asked about as the stage of questions does it."""
    work = QUESTIONS.work
    assert isinstance(work, ItemWork)
    return StageLeft(
        stage=QUESTIONS.name,
        kind=Question,
        way=Elsewhere(work.work),
        needs=work.needs,
        items=iter(items),
        item_count=len(items),
        files=files,
        note_finished=lambda _: None,
    )


async def write_call(folder: RunFolder, count: int) -> ShardedCall:
    """All chunks of a run in so many shards."""
    async with open_stage_files(folder, QUESTIONS.name, Question) as files:
        return write_stage_call(folder, stage_left(read_chunks(folder), files), count)


async def write_segment(
    segment: Segment, chunks: Sequence[Chunk], *, text: str = "Yes.", unfinished: int = 0
) -> None:
    """A question about each of these chunks; the last ones are not finished.

    What is asked is called after the chunk, and answered by `text`.
    """
    own = RunFolder(segment.folder)
    own.finished_path(QUESTIONS.name).parent.mkdir(exist_ok=True)
    async with (
        Journal(own.journal_path) as journal,
        open_stage_files(own, QUESTIONS.name, Question) as files,
    ):
        for number, chunk in enumerate(chunks, start=1):
            request = chat_request(chunk.chunk_id, purpose=QUESTIONS.name)
            await journal.append(completed(request, text, cost_usd=COST_USD))
            question = make_question(chunk).model_copy(update={"request_id": chunk.chunk_id})
            dropped = Rejection.of(chunk.chunk_id, stage=QUESTIONS.name, reason="too_long")
            if number <= len(chunks) - unfinished:
                await files.finish(chunk.chunk_id, [question, dropped])
            else:
                await files.results.append([question])


def finished_ids(folder: RunFolder) -> list[str]:
    path = folder.finished_path(QUESTIONS.name)
    return [item.item_id for item in read_records(path, FinishedItem)]
