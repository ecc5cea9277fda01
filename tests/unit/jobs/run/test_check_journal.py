from pathlib import Path

import pytest

from engine.errors import DamagedLogError
from engine.files.journal import Journal
from engine.files.records import encode_record
from engine.run_folder import RunFolder
from engine.testing.calls import chat_request, completed
from jobs.dataset.stages import DATASET
from jobs.run.check_journal import check_journal
from schemas.dataset import Answer
from tests.rows import each_row


def answer(number: int, request_id: str) -> Answer:
    return Answer(
        answer_id=f"{number:032x}",
        question_id="q",
        chunk_id="c",
        document_id="d",
        side="train",
        text=f'It says "request_id":"{number}".',
        evidence=(),
        scores={},
        model="m",
        request_id=request_id,
    )


async def made_run(tmp_path: Path, count: int) -> RunFolder:
    folder = RunFolder(tmp_path)
    folder.create()
    async with Journal(folder.journal_path) as journal:
        for number in range(count):
            await journal.append(completed(chat_request(f"r{number}")))
    lines = [encode_record(answer(number, f"r{number}")) + b"\n" for number in range(count)]
    folder.results_path("answers").write_bytes(b"".join(lines))
    return folder


async def test_results_whose_requests_are_settled_are_no_damage(tmp_path: Path) -> None:
    folder = await made_run(tmp_path, 3)

    async with Journal(folder.journal_path) as journal:
        check_journal(folder, journal, DATASET)


@each_row("kept, missing", [(0, 3), (2, 1)])
async def test_a_journal_that_vanished_or_was_cut_is_noticed(
    tmp_path: Path, kept: int, missing: int
) -> None:
    folder = await made_run(tmp_path, 3)
    lines = folder.journal_path.read_bytes().splitlines(keepends=True)
    folder.journal_path.write_bytes(b"".join(lines[:kept]))

    async with Journal(folder.journal_path) as journal:
        with pytest.raises(DamagedLogError, match=rf"journal\.jsonl: .*missing: {missing} lines"):
            check_journal(folder, journal, DATASET)
