"""All that can be decided and refused before a training starts, without torch."""

from pathlib import Path
from typing import NamedTuple, Protocol

import orjson

from jobs.finetune.student.source.chat_template import ChatTemplate, EncodedRow
from jobs.finetune.student.source.find_student import Student, find_student
from jobs.finetune.student.training.plan import RowSizes, make_plan, sizes_of
from jobs.finetune.student.training.rows import encode_rows
from jobs.finetune.student.training.task import Device, TuningPlan
from schemas.settings import StudentSettings

FEW_ROWS = 10  # to validate with


class RowFile(Protocol):
    """A file of checked rows."""

    @property
    def path(self) -> Path:
        """Where it is."""
        ...


class RowFiles(Protocol):
    """The checked rows to train on, and those to validate with."""

    @property
    def train(self) -> RowFile:
        """To train on."""
        ...

    @property
    def validation(self) -> RowFile | None:
        """To validate with."""
        ...


class PreparedTraining(NamedTuple):
    """A training that can begin. `identity` tells this student's weights from all others."""

    student: Student
    identity: str
    plan: TuningPlan
    sizes: RowSizes
    system: str
    warnings: list[str]


def prepare_training(rows: RowFiles, settings: StudentSettings) -> PreparedTraining:
    """Find the student, and read all rows as it will.

    Raises:
        ConfigError: a package is missing, the student cannot be tuned here, rows are too long.
    """
    student = find_student(settings.model)
    template = ChatTemplate(student.vocabulary(), str(student.path))
    most = student.shape.context_tokens
    train = encode_rows(rows.train.path, template, max_tokens=most)
    validation = list[EncodedRow]()
    if rows.validation is not None:
        validation = encode_rows(rows.validation.path, template, max_tokens=most)
    sizes = sizes_of(train, validation)
    warnings = []
    if len(validation) < FEW_ROWS:
        warnings.append(
            f"{len(validation)} rows to validate with: the early stop and the losses shown are "
            f"uncertain with fewer than {FEW_ROWS} (dataset.validation_fraction)"
        )
    return PreparedTraining(
        student=student,
        identity=_identity(student.path),
        plan=make_plan(settings, student.shape, sizes, find_device()),
        sizes=sizes,
        system=_system_of(rows.train.path),
        warnings=warnings,
    )


def find_device() -> Device:
    """A GPU if torch finds one, else the CPU."""
    if not Path("/dev/nvidiactl").exists():  # spares the seconds that importing torch takes
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _identity(path: Path) -> str:
    """Name, size and age of the files: reading all weights would take minutes for a large one."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return "\n".join(
        f"{file.name} {file.stat().st_size} {file.stat().st_mtime_ns}" for file in files
    )


def _system_of(path: Path) -> str:
    """The system message of all rows; empty if they have none, or several."""
    found = set[str]()
    for line in path.read_bytes().splitlines():
        if line.strip():
            messages = orjson.loads(line)["messages"]
            found.add(messages[0]["content"] if messages[0]["role"] == "system" else "")
    return found.pop() if len(found) == 1 else ""
