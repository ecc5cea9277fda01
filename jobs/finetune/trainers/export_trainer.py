"""The trainer that only exports: checked files for a trainer outside of this program."""

import shutil
from importlib.resources import files
from pathlib import Path

from engine.errors import ConfigError
from engine.files.replace import replacing
from jobs.finetune.check_rows import CheckedRows
from jobs.finetune.trainers.trainer import Say, Submitted, TrainingEstimate, TrainingSet, Tuned

README_NAME = "README.md"


class ExportTrainer:
    """Writes train.jsonl, validation.jsonl and a README into a folder."""

    def __init__(self, export_dir: Path, rows: TrainingSet, *, base_model: str) -> None:
        self._export_dir = export_dir
        self._rows = rows
        self._base_model = base_model

    async def check(self) -> list[str]:
        """No warnings: the rows are checked already, and no model is involved."""
        return []

    def estimate(self) -> TrainingEstimate:
        """Zero dollars: exporting sends nothing."""
        return TrainingEstimate(None, 0.0)

    @property
    def runs_here(self) -> bool:
        """Yes: files are all that it makes."""
        return True

    @property
    def is_submitted(self) -> bool:
        """Never: the folder is written anew."""
        return False

    async def submit(self) -> Submitted:
        """Write the folder; what is there already is replaced."""
        try:
            self._export_dir.mkdir(exist_ok=True)
        except OSError as error:
            raise ConfigError(f"{self._export_dir}: cannot be made: {error.strerror}") from error
        self._copy(self._rows.train, "train.jsonl")
        if self._rows.validation is None:
            (self._export_dir / "validation.jsonl").unlink(missing_ok=True)
        else:
            self._copy(self._rows.validation, "validation.jsonl")
        text = files("jobs.finetune.trainers").joinpath("export_readme.md").read_text("utf-8")
        with replacing(self._export_dir / README_NAME) as write_line:
            for line in self._fill(text).splitlines():
                write_line(line.encode())
        return Submitted(str(self._export_dir), "exported", is_new=True)

    async def follow(self, say: Say) -> None:
        """Return at once: an export is complete when it is submitted."""

    async def result(self) -> Tuned:
        """A succeeded training without a model: there are only files."""
        return Tuned("exported")

    async def cancel(self) -> Tuned:
        """Refuse: an export cannot be cancelled.

        Raises:
            ConfigError: always.
        """
        raise ConfigError("trainer export has no job to cancel")

    def _copy(self, rows: CheckedRows, name: str) -> None:
        new_path = self._export_dir / f"{name}.new"
        shutil.copyfile(rows.path, new_path)
        new_path.replace(self._export_dir / name)

    def _fill(self, text: str) -> str:
        validation = self._rows.validation
        return (
            text.replace("{{model}}", self._base_model or "BASE_MODEL")
            .replace("{{rows}}", f"{self._rows.train.rows:,}")
            .replace("{{validation_rows}}", f"{validation.rows if validation else 0:,}")
            .replace("{{tokens}}", f"{self._rows.train.tokens:,}")
        )
