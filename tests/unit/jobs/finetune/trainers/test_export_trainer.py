"""The folder that is exported."""

from pathlib import Path

from jobs.finetune.check_rows import CheckedRows, check_rows
from jobs.finetune.trainers.export_trainer import ExportTrainer
from jobs.finetune.trainers.trainer import TrainingSet
from tests.unit.jobs.finetune.rows import many_rows, write_lines


def checked(path: Path) -> CheckedRows:
    held_out_path = path.with_name("held_out.jsonl")
    return check_rows(
        write_lines(path, many_rows(3)), held_out_path=held_out_path, max_row_tokens=99
    )


async def test_validation_rows_of_an_earlier_export_do_not_stay(tmp_path: Path) -> None:
    train = checked(tmp_path / "train.jsonl")
    validation = checked(tmp_path / "validation.jsonl")
    export_dir = tmp_path / "export"
    await ExportTrainer(export_dir, TrainingSet(train, validation), base_model="").submit()

    await ExportTrainer(export_dir, TrainingSet(train, None), base_model="").submit()

    assert {path.name for path in export_dir.iterdir()} == {"train.jsonl", "README.md"}


async def test_export_is_made_again_as_a_whole(tmp_path: Path) -> None:
    rows = TrainingSet(checked(tmp_path / "train.jsonl"), checked(tmp_path / "validation.jsonl"))
    export_dir = tmp_path / "export"

    for _ in range(2):
        await ExportTrainer(export_dir, rows, base_model="base/m").submit()

    names = {path.name for path in export_dir.iterdir()}
    assert names == {"train.jsonl", "validation.jsonl", "README.md"}
    assert (export_dir / "train.jsonl").read_bytes() == rows.train.path.read_bytes()
    assert "3 rows" in (export_dir / "README.md").read_text()
