"""The folder of a run that was evaluated, with text of every hostile kind in it."""

from collections.abc import Iterable
from pathlib import Path

from engine.files.journal import encode_outcome
from engine.files.records import encode_record
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stage import FinishedItem
from engine.testing.calls import chat_request, completed
from jobs.evaluation.evaluated_models import answer_id
from jobs.evaluation.read_evaluation import Evaluation
from jobs.settings.run_config import new_run_config, write_run_config
from schemas.dataset import Answer, Provenance, Question, Rejection
from schemas.documents import Document
from schemas.evaluation import ModelAnswer, Sample, Slice
from schemas.finetuning import TrainingMetric, TuningEvent
from schemas.outcomes import Completed, LaneName, Usage
from schemas.record import Record, Span
from schemas.settings import (
    EvaluationSettings,
    JudgeSettings,
    RoleSettings,
    RunSettings,
    StudentSettings,
    TeacherSettings,
)
from tests.unit.jobs.comparison.evaluations import CONTEXT, JUDGE, random_evaluation

# The title of the page says whether any of it ran.
ONE = f"{1:032x}"  # an id
HOSTILE = (
    "<script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\">"
    "</script></script x <!-- <script {{ 7 * 7 }} {% raw %} "
    "[link](javascript:document.title='ran') "
    "\N{RIGHT-TO-LEFT OVERRIDE}txet desrever \x07 \N{GRINNING FACE}"
)
HOSTILE_PATH = "<b>\"'&docs/a.md"
FORMULA = '=HYPERLINK("http://localhost/";"click")'
EVIDENCE = "It has three areas."
QUESTIONS_PER_CONTEXT = 3
SLICES: tuple[Slice, ...] = ("held_out_document", "new_question", "unanswerable")

SETTINGS = RunSettings(
    teacher=TeacherSettings(model="teacher-model"),
    student=StudentSettings(model="baseline-model"),
    tuned=RoleSettings(model="tuned-model"),
    judge=JudgeSettings(model=JUDGE),
    embeddings=RoleSettings(model="embedding-model"),
    evaluation=EvaluationSettings(scorer="ragas"),  # of which the scores are
)


def write_begun_run(run_dir: Path) -> RunFolder:
    """A run that has made its dataset and no more."""
    folder = RunFolder(run_dir)
    folder.create()
    write_run_config(folder.config_path, new_run_config(SETTINGS))
    write(folder.results_path("documents"), [_document()])
    write(folder.results_path("kept_questions"), [_question()])
    write(folder.results_path("answers"), [_answer()])
    write(folder.dataset_dir / "provenance.jsonl", [_provenance()])
    replace_file(folder.dataset_dir / "train.jsonl", [b"{}"])
    write(folder.rejected_path, [_rejection()])
    for stage in ("documents", "chunks", "questions", "kept_questions", "answers"):
        finished = FinishedItem(item_id=ONE, result_count=1, rejection_count=0)
        write(folder.finished_path(stage), [finished])
    replace_file(folder.journal_path, map(encode_outcome, (_call("live"), _call("batch"))))
    return folder


def write_evaluated_run(run_dir: Path, *, question_count: int) -> RunFolder:
    """A run whose student was tuned, asked and scored."""
    folder = write_begun_run(run_dir)
    write(folder.results_path("finetuning"), [_tuning_event()])
    write(folder.results_path("finetuning_metrics"), map(_training_metric, range(1, 101)))
    evaluation = hostile_evaluation(question_count)
    write(folder.results_path("evaluation/samples"), evaluation.samples)
    write(folder.results_path("evaluation/answers"), evaluation.answers)
    write(folder.results_path("evaluation/scores"), evaluation.scores)
    return folder


def hostile_evaluation(question_count: int) -> Evaluation:
    """Questions, contexts, paths and answers that would like to be markup or formulas."""
    evaluation = random_evaluation(question_count)
    answers = {answer.answer_id: _hostile_answer(answer) for answer in evaluation.answers}
    return Evaluation(
        [_hostile_sample(i, sample) for i, sample in enumerate(evaluation.samples)],
        list(answers.values()),
        [
            score.model_copy(update={"answer_id": answers[score.answer_id].answer_id})
            for score in evaluation.scores
        ],
    )


def write(path: Path, records: Iterable[Record]) -> None:
    replace_file(path, map(encode_record, records))


def _hostile_sample(number: int, sample: Sample) -> Sample:
    before = f"{HOSTILE} {number // QUESTIONS_PER_CONTEXT} "
    start = len(before) + CONTEXT.index(EVIDENCE)
    return sample.model_copy(
        update={
            "slice": SLICES[number % len(SLICES)],
            "question": f"{HOSTILE} Question {number}?",
            "context": before + CONTEXT * 20,
            "path": HOSTILE_PATH,
            "evidence": (Span(start_char=start, end_char=start + len(EVIDENCE)),),
        }
    )


def _hostile_answer(answer: ModelAnswer) -> ModelAnswer:
    return answer.model_copy(
        update={
            "answer_id": answer_id(
                answer.sample_id, answer.role, answer.model, answer.mode, SETTINGS
            ),
            "text": f"{FORMULA}\r\n{HOSTILE} {answer.text * 5}",
            "is_refusal": answer.role == "baseline" and answer.sample_id.endswith("2"),
        }
    )


def _document() -> Document:
    return Document(
        document_id=ONE,
        path=HOSTILE_PATH,
        format="markdown",
        size_bytes=1,
        title=HOSTILE,
        word_count=1,
        text=HOSTILE,
    )


def _question() -> Question:
    return Question(
        question_id=ONE,
        chunk_id=ONE,
        document_id=ONE,
        side="train",
        kind="factual",
        text="Which areas does the archive have?",
        evidence=(),
        scores={},
        request_id="1",
    )


def _answer() -> Answer:
    return Answer(
        answer_id=ONE,
        question_id=ONE,
        chunk_id=ONE,
        document_id=ONE,
        side="train",
        text="It has three areas.",
        evidence=(),
        scores={},
        model="teacher-model",
        request_id="2",
    )


def _provenance() -> Provenance:
    return Provenance(
        answer_id=ONE,
        file="train.jsonl",
        row=0,
        question_id=ONE,
        chunk_id=ONE,
        document_id=ONE,
        path=HOSTILE_PATH,
        title=HOSTILE,
        headings=(HOSTILE,),
        first_page=None,
        last_page=None,
        kind="factual",
        question_evidence=(),
        answer_evidence=(),
        scores={},
        model="teacher-model",
        request_ids=("1", "2"),
        question_cost_usd=0.1,
        answer_cost_usd=0.1,
    )


def _rejection() -> Rejection:
    return Rejection.of("2", stage="questions", reason="leans_on_context", text=HOSTILE)


def _call(lane: LaneName) -> Completed:
    return completed(
        chat_request(lane, model="teacher-model"),
        usage=Usage(prompt_tokens=1000, completion_tokens=200, cached_tokens=400),
        cost_usd=0.25,
        lane=lane,
    )


def _tuning_event() -> TuningEvent:
    return TuningEvent(
        event_id="1",
        job_name="1",
        step="ended",
        at="2026-01-01T00:00:00+00:00",
        trainer="openai",
        base_model="baseline-model",
        train_sha256="",
        validation_sha256="",
        job_id="job-1",
        status="succeeded",
        tuned_model="tuned-model",
        message=HOSTILE,
    )


def _training_metric(step: int) -> TrainingMetric:
    loss = 2.0 / (1.0 + step / 20.0)
    valid_loss = loss + 0.1 if step % 10 == 0 else None
    return TrainingMetric(
        metric_id=str(step), job_id="job-1", step=step, train_loss=loss, valid_loss=valid_loss
    )
