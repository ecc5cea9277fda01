"""The ledger of fine-tuning jobs: both of its files are open, or neither."""

from pathlib import Path

import pytest

from engine.clock import SystemClock
from engine.errors import DamagedLogError
from engine.run_folder import RunFolder
from jobs.finetune.ledger import TuningLedger
from tests.unit.engine.files.open_files import open_files


async def test_damaged_curves_leave_no_file_open(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.results_path("finetuning_metrics").write_bytes(b"no curve\n")

    with pytest.raises(DamagedLogError, match=r"finetuning_metrics\.jsonl"):
        await TuningLedger.of(folder, SystemClock()).__aenter__()

    assert [path for path in open_files() if path.parent == tmp_path] == []
