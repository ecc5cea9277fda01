"""Which requests may be out, where the ledger of batches does not tell of all."""

from contextlib import aclosing
from pathlib import Path

import pytest

from engine.batch.folder import BatchFolder
from engine.batch.ledger import BatchLedger
from engine.testing.clocks import ManualClock
from jobs.run.batch_folders import create_send_batch_folder, read_names_out, read_requests_out
from schemas.batches import BatchIntent


@pytest.fixture
def out_path(tmp_path: Path) -> Path:
    return tmp_path / "out.jsonl"


@pytest.fixture
def folder(out_path: Path) -> BatchFolder:
    """One whose ledger was emptied."""
    folder = create_send_batch_folder(out_path)
    folder.ledger_path.touch()
    return folder


def test_requests_of_a_batch_that_the_ledger_lacks_may_be_out(
    folder: BatchFolder, out_path: Path
) -> None:
    folder.input_path("000001").write_bytes(b'{"custom_id":"r1"}\n')

    out = read_requests_out(out_path)

    assert read_names_out(folder) == ["000001"]
    assert "r1" in out
    assert "r2" not in out


def test_file_of_a_batch_that_is_torn_was_never_sent(folder: BatchFolder, out_path: Path) -> None:
    folder.input_path("000001").write_bytes(b'{"custom_id":"r1"}\n{"custom_i')

    assert read_names_out(folder) == []
    assert "r1" not in read_requests_out(out_path)


async def test_requests_are_out_of_a_batch_that_was_noted_at_the_moment_of_a_kill(
    folder: BatchFolder, out_path: Path
) -> None:
    folder.packing_path("000001").write_bytes(b'{"custom_id":"r1"}\n')
    intent = BatchIntent(
        url="/v1/chat/completions",
        model="m",
        purpose="m",
        request_count=1,
        prompt_tokens=1,
        size_bytes=19,
        sha256="0",
    )

    async with aclosing(BatchLedger(folder.ledger_path, ManualClock())) as ledger:
        await ledger.note_intent("000001", intent)

    assert "r1" in read_requests_out(out_path)
    assert folder.packing_path("000001").exists()  # another process may write the folder
