"""How much larger the whole is than what was sampled, and what follows for later commands."""

from typing import NamedTuple, assert_never

import orjson

from engine.files.jsonl_lines import read_lines
from engine.files.records import read_records
from engine.run_folder import RunFolder
from engine.wire.tokens import count_tokens
from jobs.dataset.coverage import FILE_NAME as COVERAGE
from jobs.documents.chunk_documents import CHUNKS
from jobs.finetune.student.source.student_names import student_name
from jobs.finetune.student.training.plan import EPOCHS
from jobs.finetune.student.tuned_student import seen_tokens_per_s
from jobs.finetune.trainers.trainer import TrainingEstimate
from jobs.plan.estimate import StagesEstimate
from jobs.plan.evaluation_sizes import Sizes, count_rows
from schemas.dataset import ChunkCoverage
from schemas.documents import Chunk
from schemas.plan import PlannedTraining
from schemas.settings import RunSettings

ROW_FILE = "train.jsonl"


class Growth(NamedTuple):
    """From a sample to the whole: chunks of each side of the split, all and those asked about."""

    trained: int
    sampled_trained: int
    held_out: int
    sampled_held_out: int
    context_tokens: int

    def evaluation_sizes(self, folder: RunFolder, settings: RunSettings) -> Sizes:
        """The questions that an evaluation of the whole will have, at most where none was asked."""
        questions, with_rows = count_rows(folder)
        held_out = float(settings.questions.per_chunk * self.held_out)
        if self.sampled_held_out:
            held_out = questions * self.held_out / self.sampled_held_out
        trained = float(self.trained)
        if self.sampled_trained:
            trained = with_rows * self.trained / self.sampled_trained
        return Sizes.of(held_out, trained, self.context_tokens, settings)

    def plan_tuning(self, folder: RunFolder, settings: RunSettings) -> PlannedTraining:
        """What the student will be trained on, and what a job costs; here it costs nothing."""
        rows = tokens = 0
        for line in read_lines(folder.dataset_dir / ROW_FILE):
            rows += 1
            texts = (str(each["content"]) for each in orjson.loads(line)["messages"])
            tokens += sum(map(count_tokens, texts))
        share = self.trained / self.sampled_trained if self.sampled_trained else 0.0
        student = settings.student
        usd: float | None = 0.0
        seconds = None
        match student.trainer:
            case "openai":
                usd = TrainingEstimate.of(round(tokens * share), student).usd
            case "local":
                rate = seen_tokens_per_s(folder, student_name(student.model))
                seconds = (student.epochs or EPOCHS) * tokens * share / rate if rate else None
            case "export":
                pass
            case _:
                assert_never(student.trainer)
        return PlannedTraining(
            trainer=student.trainer,
            rows=rows * share,
            tokens=tokens * share,
            usd=usd,
            seconds=seconds,
        )


class _Sampled(NamedTuple):
    """Chunks of either side that rows and held-out questions on disk are about."""

    trained: int
    held_out: int


def growth_of(copy: RunFolder, folder: RunFolder, estimate: StagesEstimate) -> Growth:
    """How what the dataset of a run is about compares with all that will be asked about.

    `copy` has the chunks as they are now.
    """
    chunks = [*estimate.sampled, *estimate.left]
    trained = sum(chunk.is_trained for chunk in chunks)
    sampled = _sampled_of(folder, estimate)
    sizes = (chunk.token_count for chunk in read_records(copy.results_path(CHUNKS.name), Chunk))
    return Growth(
        trained=trained,
        sampled_trained=sampled.trained,
        held_out=len(chunks) - trained,
        sampled_held_out=sampled.held_out,
        context_tokens=max(sizes, default=0),
    )


def _sampled_of(folder: RunFolder, estimate: StagesEstimate) -> _Sampled:
    """By the coverage that was written with the dataset; without it, by what was asked so far.

    The dataset may be older than the last replies, or not be there yet.
    """
    if not (folder.dataset_dir / ROW_FILE).exists():
        return _Sampled(0, 0)
    path = folder.run_dir / COVERAGE
    if not path.exists():  # an earlier version wrote the dataset
        trained = sum(chunk.is_trained for chunk in estimate.sampled)
        return _Sampled(trained, len(estimate.sampled) - trained)
    known = {chunk.chunk_id for chunk in (*estimate.sampled, *estimate.left)}
    trained = held_out = 0
    for chunk in read_records(path, ChunkCoverage, is_wanted=known.__contains__):
        is_to_end = chunk.is_asked and (chunk.answers > 0 or not chunk.kept_questions)
        trained += chunk.side == "train" and is_to_end
        held_out += chunk.side == "held_out" and chunk.is_asked
    return _Sampled(trained, held_out)
