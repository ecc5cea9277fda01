"""A finished run, written by hand: twelve small chunks, each with one question."""

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from engine.files.journal import encode_outcome
from engine.files.records import encode_record
from engine.run_folder import RunFolder
from engine.testing.calls import chat_request, completed
from jobs.settings.resolve import read_assignments, resolve_settings
from jobs.settings.run_config import new_run_config, write_run_config
from schemas.dataset import HeldOutQuestion, Provenance, Question
from schemas.documents import Chunk, Side
from schemas.evaluation import ModelAnswer
from schemas.record import Record, Span, content_id
from schemas.settings import RunSettings

REQUEST_ID = "r"  # of all that the teacher wrote
LEAD = "Notes of the workshop. "
SUBJECTS = {
    "lathe": "The lathe turns at 400 revolutions per minute when oak is cut.",
    "kiln": "The kiln is heated to 1220 degrees before porcelain goes in.",
    "loom": "The loom holds 96 warp threads on its front beam.",
    "forge": "The forge burns charcoal because coal leaves sulphur in the steel.",
    "press": "The press prints 30 sheets before its rollers are inked again.",
    "vat": "The vat of indigo rests for two days after lime was stirred in.",
    "anvil": "The anvil weighs 120 kilograms and stands on an elm stump.",
    "still": "The still gives rose water at 98 degrees in four hours.",
    "wheel": "The wheel of the potter is thrown by foot, never by a motor.",
    "bench": "The bench is waxed in spring so that glue comes off easily.",
    "saw": "The saw has five teeth an inch for wet wood.",
    "mould": "The mould is dusted with graphite before bronze is poured.",
}

MODEL_ANSWER = ModelAnswer(  # to be copied with other fields
    answer_id="a",
    sample_id="s",
    role="tuned",
    model="m",
    mode="open",
    text="Because.",
    is_refusal=False,
    prompt_tokens=1,
    completion_tokens=1,
    cost_usd=None,
    request_id="r",
)


def make_settings(*assignments: str) -> RunSettings:
    given = ["teacher.model=gpt-4.1-mini", "judge.model=gpt-4o-mini", *assignments]
    return resolve_settings([read_assignments(given)])


def make_run(
    run_dir: Path, settings: RunSettings, *, held_out: Sequence[str] = ("lathe", "kiln", "loom")
) -> RunFolder:
    folder = RunFolder(run_dir)
    folder.create()
    write_run_config(folder.config_path, new_run_config(settings))
    for name, data in _files_of(tuple(held_out)).items():
        (run_dir / name).write_bytes(data)
    return folder


@cache
def _files_of(held_out: tuple[str, ...]) -> dict[str, bytes]:
    """What is in the files of a run: the same for all tests."""
    chunks = {name: _chunk(name, "held_out" if name in held_out else "train") for name in SUBJECTS}
    questions = {name: make_question(chunk) for name, chunk in chunks.items()}
    trained = [name for name in SUBJECTS if name not in held_out]
    return {
        "chunks.jsonl": _lines(chunks.values()),
        "kept_questions.jsonl": _lines(questions.values()),
        "dataset/held_out.jsonl": _lines(
            _held_out(questions[name], chunks[name]) for name in held_out
        ),
        "journal.jsonl": encode_outcome(completed(chat_request(REQUEST_ID))) + b"\n",
        "dataset/provenance.jsonl": _lines(
            _provenance(questions[name], chunks[name], row) for row, name in enumerate(trained)
        ),
    }


def make_question(chunk: Chunk) -> Question:
    text = question_about(chunk.title)
    start = chunk.start_char + len(LEAD)
    return Question(
        question_id=content_id("question", chunk.chunk_id, text),
        chunk_id=chunk.chunk_id,
        document_id=chunk.document_id,
        side=chunk.side,
        kind="factual",
        text=text,
        evidence=(Span(start_char=start, end_char=chunk.end_char),),
        scores={},
        request_id=REQUEST_ID,
    )


def question_about(subject: str) -> str:
    return f"What is known of the {subject}?"


def _chunk(name: str, side: Side) -> Chunk:
    text = LEAD + SUBJECTS[name]
    return Chunk(
        chunk_id=content_id("chunk", name),
        document_id=content_id("document", name),
        path=f"{name}.md",
        title=name,
        side=side,
        start_char=1000,
        end_char=1000 + len(text),
        first_page=None,
        last_page=None,
        headings=("Tools",),
        token_count=20,
        text=text,
    )


def _held_out(question: Question, chunk: Chunk) -> HeldOutQuestion:
    return HeldOutQuestion(
        question_id=question.question_id,
        chunk_id=chunk.chunk_id,
        document_id=chunk.document_id,
        path=chunk.path,
        kind=question.kind,
        question=question.text,
        context=chunk.text,
        evidence=question.evidence,
    )


def _provenance(question: Question, chunk: Chunk, row: int) -> Provenance:
    return Provenance(
        answer_id=content_id("answer", question.question_id),
        file="train.jsonl",
        row=row,
        question_id=question.question_id,
        chunk_id=chunk.chunk_id,
        document_id=chunk.document_id,
        path=chunk.path,
        title=chunk.title,
        headings=chunk.headings,
        first_page=None,
        last_page=None,
        kind=question.kind,
        question_evidence=question.evidence,
        answer_evidence=question.evidence,
        scores={},
        model="gpt-4.1-mini",
        request_ids=(REQUEST_ID,),
        question_cost_usd=None,
        answer_cost_usd=None,
    )


def _lines(records: Iterable[Record]) -> bytes:
    return b"".join(encode_record(each) + b"\n" for each in records)
