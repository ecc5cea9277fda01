"""docs/run-folder.md is a public format: it names every field of every file."""

import re
from pathlib import Path

from engine.stage import FinishedItem
from engine.stats.counters import StatsSnapshot
from jobs.documents.list_files import SourceFile
from jobs.documents.readers.registry import FORMATS
from schemas.batches import (
    LATER_FACTS,
    BatchAttempt,
    BatchEvent,
    BatchIntent,
    BatchTally,
    RemoteState,
)
from schemas.dataset import (
    Answer,
    ChunkCoverage,
    DocumentCoverage,
    HeldOutQuestion,
    Provenance,
    Question,
    QuestionVector,
    Rejection,
    Unanswerable,
    Verdict,
)
from schemas.documents import (
    Boilerplate,
    Chunk,
    Document,
    DocumentGroup,
    HeldOutCheck,
    SplitAssignment,
)
from schemas.evaluation import ModelAnswer, PairVerdict, Sample, Score
from schemas.finetuning import TrainingMetric, TuningEvent
from schemas.last_call import LastCall
from schemas.plan import Plan
from schemas.record import Value
from schemas.reviews import Label, Review
from schemas.settings import RunIdentity
from tests.rows import each_row

DOCS = (Path(__file__).parents[3] / "docs" / "run-folder.md").read_text(encoding="utf-8")


DESCRIBED: dict[str, type[Value]] = {
    "config.toml": RunIdentity,
    "last_call.json": LastCall,
    "plan.json": Plan,
    "sources.jsonl": SourceFile,
    "documents.jsonl": Document,
    "boilerplate.jsonl": Boilerplate,
    "twins.jsonl": DocumentGroup,
    "split.jsonl": SplitAssignment,
    "held_out_check.jsonl": HeldOutCheck,
    "chunks.jsonl": Chunk,
    "questions.jsonl, further_questions.jsonl, kept_questions.jsonl": Question,
    "question_vectors.jsonl": QuestionVector,
    "answers.jsonl": Answer,
    "verdicts.jsonl": Verdict,
    "unanswerable.jsonl": Unanswerable,
    "rejected.jsonl": Rejection,
    "coverage.jsonl": ChunkCoverage,
    "document_coverage.jsonl": DocumentCoverage,
    "finished/STAGE.jsonl": FinishedItem,
    "batches/attempts.jsonl": BatchAttempt,
    "stats.jsonl": StatsSnapshot,
    "dataset/provenance.jsonl": Provenance,
    "dataset/held_out.jsonl": HeldOutQuestion,
    "evaluation/samples.jsonl": Sample,
    "evaluation/answers.jsonl": ModelAnswer,
    "evaluation/scores.jsonl": Score,
    "evaluation/pairs.jsonl": PairVerdict,
    "reviews.jsonl": Review,
    "labels.jsonl": Label,
    "finetuning.jsonl": TuningEvent,
    "finetuning_metrics.jsonl": TrainingMetric,
}


@each_row("section, kind", DESCRIBED.items())
def test_every_field_of_a_file_is_described(section: str, kind: type[Value]) -> None:
    assert f"\n## {section}\n" in DOCS, "docs/run-folder.md has no such section"
    text = DOCS[DOCS.index(f"\n## {section}\n") :].split("\n## ")[1]

    described = set(re.findall(r"`(\w+)`", text))

    assert set(kind.model_fields) - described == set()


def test_every_field_of_the_ledger_of_batches_is_described() -> None:
    text = DOCS[DOCS.index("\n## batches.jsonl\n") :].split("\n## ")[1]
    event = BatchEvent(event_id="00000001", batch="000001", step="intent", at="")
    line = event.model_dump()

    described = set(re.findall(r"`(\w+)`", text))

    assert line.keys() - described == set()
    assert line["facts"].keys() - described == set()
    for kind in (BatchIntent, RemoteState, BatchTally):
        assert line["facts"].keys() | LATER_FACTS >= kind.model_fields.keys()
    assert LATER_FACTS - described == set()


def test_every_format_of_documents_is_named() -> None:
    row = next(line for line in DOCS.splitlines() if line.startswith("| `format` |"))

    assert set(re.findall(r"`(\w+)`", row)) - {"format"} == set(FORMATS.values()), (
        "docs/run-folder.md, row `format` of documents.jsonl: it names other formats than there are"
    )
