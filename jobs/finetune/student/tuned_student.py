"""RUN/student/JOB/student.json: a student that was tuned and is served as it was trained."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from engine.errors import DamagedLogError
from engine.files.replace import replace_file
from engine.local.student_model import ServedStudent
from engine.run_folder import RunFolder
from jobs.finetune.student.parity.report import ParityReport
from jobs.finetune.student.training.task import TuningFacts, TuningPlan
from jobs.finetune.training_metrics import draw_curve
from schemas.record import Value

RECORD_NAME = "student.json"
FACTS_NAME = "training.json"  # of a training that is only measured
STUDENT_DIR = "student"
FORGOTTEN_ABOVE = 0.05  # nats a token by which other text may become less likely unmentioned
MAX_SERVED_TOKENS = 8192  # of context, prompt and answer together


class TunedStudent(Value):
    """What was tuned, where its files are, and what came of it.

    Paths are relative to the folder of the record, but for that of a base which lies elsewhere.
    `adapter_path` None: the served file is the whole tuned model.
    """

    model_name: str
    base_name: str
    job_name: str
    base_path: Path
    served_path: Path
    adapter_path: Path | None
    context_tokens: int
    plan: TuningPlan
    facts: TuningFacts
    parity: tuple[ParityReport, ...]

    def served(self, folder: Path) -> list[ServedStudent]:
        """The untuned student and the tuned one, as they are served."""
        adapter = folder / self.adapter_path if self.adapter_path else None
        return [
            ServedStudent(self.base_name, folder / self.base_path, None, self.context_tokens),
            ServedStudent(self.model_name, folder / self.served_path, adapter, self.context_tokens),
        ]


def served_context(context_tokens: int) -> int:
    """How many tokens of context are served, of those that the student has."""
    return min(context_tokens, MAX_SERVED_TOKENS)


def read_tuned(path: Path) -> TunedStudent | None:
    """The record in the folder of a training; None: it has not come to one.

    Raises:
        DamagedLogError: it cannot be read.
    """
    record_path = path / RECORD_NAME
    if not record_path.exists():
        return None
    try:
        return TunedStudent.model_validate_json(record_path.read_bytes())
    except (ValidationError, OSError) as error:
        raise DamagedLogError(
            f"{record_path}: is no record of a tuned student ({error})"
        ) from error


def find_tuned(folder: RunFolder, model_name: str) -> tuple[Path, TunedStudent] | None:
    """The student of this name and its folder; None: it was not tuned in this run.

    Raises:
        DamagedLogError: a record cannot be read.
    """
    return next((found for found in _all_tuned(folder) if found[1].model_name == model_name), None)


def seen_tokens_per_s(folder: RunFolder, base_name: str) -> float | None:
    """How fast students of this base were tuned in this run; None: none was.

    Raises:
        DamagedLogError: a record cannot be read.
    """
    facts = [tuned.facts for _, tuned in _all_tuned(folder) if tuned.base_name == base_name]
    seconds = sum(each.trained_s for each in facts)
    return sum(each.trained_tokens for each in facts) / seconds if seconds else None


def _all_tuned(folder: RunFolder) -> Iterator[tuple[Path, TunedStudent]]:
    for path in sorted((folder.run_dir / STUDENT_DIR).glob("*/")):
        tuned = read_tuned(path)
        if tuned is not None:
            yield path, tuned


def write_record(folder: Path, tuned: TunedStudent) -> None:
    """Put a record in the place of a former one, durably.

    Raises:
        StorageError: the disk refused it.
    """
    replace_file(folder / RECORD_NAME, tuned.model_dump_json(indent=1).encode().split(b"\n"))


def _served_memory(tuned: TunedStudent) -> int | None:
    """What the file took that is served, in bytes."""
    name = (tuned.adapter_path or tuned.served_path).name
    return next((each.memory_bytes for each in tuned.parity if each.file == name), None)


def describe_tuned(tuned: TunedStudent) -> list[str]:
    """What came of a training, in lines."""
    facts = tuned.facts
    lines = []
    if facts.loss_before is not None and facts.loss_after is not None:
        losses = [point.train_loss for point in facts.curve]
        lines.append(
            f"validation loss {facts.loss_before:.3f} -> {facts.loss_after:.3f} nats a token "
            f"(training {draw_curve(losses)})"
        )
    if facts.held_out_before is not None and facts.held_out_after is not None:
        lines.append(
            f"loss on {facts.held_out_count} held-out questions: {facts.held_out_before:.3f} -> "
            f"{facts.held_out_after:.3f}"
        )
    lost = facts.text_loss_after - facts.text_loss_before
    lines.append(
        f"a text of other things: {facts.text_loss_before:.3f} -> {facts.text_loss_after:.3f}"
    )
    if lost > FORGOTTEN_ABOVE:
        lines.append(
            f"warning: {lost:.2f} nats of other things were forgotten: fewer epochs, a lower rate "
            "(student.learning_rate) or student.method=lora forget less"
        )
    rate = facts.trained_tokens / facts.trained_s
    lines.append(
        f"{facts.trained_s / 60:.1f} minutes, {rate:,.0f} tokens/s, "
        f"{facts.peak_memory_bytes / 1e9:.1f} GB of memory at most"
    )
    if (memory_bytes := _served_memory(tuned)) is not None:
        lines.append(f"served with {memory_bytes / 1e9:.1f} GB of memory at most")
    apart = "; ".join(f"{each.file}: {each.checks[3].words}" for each in tuned.parity)
    lines.append(f"served as it was trained ({apart})")
    return lines
