"""How much larger the whole is than what was sampled, and what follows for later commands."""

from typing import NamedTuple

import orjson

from engine.files.jsonl_lines import read_lines
from engine.files.records import read_records
from engine.run_folder import RunFolder
from engine.wire.tokens import count_tokens
from jobs.documents.chunk_documents import CHUNKS
from jobs.finetune.trainers.trainer import TrainingEstimate
from jobs.plan.estimate import Estimate
from jobs.plan.plan_evaluation import Sizes, count_rows
from schemas.documents import Chunk
from schemas.plan import TuningPlan
from schemas.settings import RunSettings

ROW_FILE = "train.jsonl"


class Growth(NamedTuple):
    """Chunks of either side: all, and of them those that are asked about to the end."""

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

    def plan_tuning(self, folder: RunFolder, settings: RunSettings) -> TuningPlan:
        """What the student will be trained on, and what a job costs; here it costs nothing."""
        rows = tokens = 0
        for line in read_lines(folder.dataset_dir / ROW_FILE):
            rows += 1
            texts = (str(each["content"]) for each in orjson.loads(line)["messages"])
            tokens += sum(map(count_tokens, texts))
        share = self.trained / self.sampled_trained if self.sampled_trained else 0.0
        student = settings.student
        usd: float | None = 0.0
        if student.trainer == "openai":
            usd = TrainingEstimate.of(round(tokens * share), student).usd
        return TuningPlan(rows=rows * share, tokens=tokens * share, usd=usd)


def growth_of(copy: RunFolder, estimate: Estimate) -> Growth:
    """How the sample of an estimate compares with all that will be asked about."""
    sampled_trained = sum(chunk.is_trained for chunk in estimate.sampled)
    trained = sampled_trained + sum(chunk.is_trained for chunk in estimate.left)
    sizes = (chunk.token_count for chunk in read_records(copy.results_path(CHUNKS.name), Chunk))
    return Growth(
        trained=trained,
        sampled_trained=sampled_trained,
        held_out=len(estimate.sampled) + len(estimate.left) - trained,
        sampled_held_out=len(estimate.sampled) - sampled_trained,
        context_tokens=max(sizes, default=0),
    )
