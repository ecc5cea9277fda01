"""Training rows and held-out questions, written to files."""

from pathlib import Path

import orjson

from engine.files.records import encode_record
from schemas.dataset import HeldOutQuestion


def row(question: str = "What is it?", answer: str = "It is that.") -> bytes:
    user = f"Excerpt from A Book:\n\nIt is that.\n\nQuestion: {question}"
    messages = [("system", "Answer."), ("user", user), ("assistant", answer)]
    return orjson.dumps({"messages": [{"role": r, "content": c} for r, c in messages]})


def many_rows(count: int, subject: str = "valve") -> list[bytes]:
    return [row(f"Where does the {subject} number {number} stand?") for number in range(count)]


def held_out(question: str, reference: str = "") -> HeldOutQuestion:
    return HeldOutQuestion(
        question_id="q1",
        chunk_id="c1",
        document_id="d1",
        path="a.md",
        kind="factual",
        question=question,
        context="It is that.",
        evidence=(),
        reference=reference,
    )


def write_lines(path: Path, lines: list[bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def write_held_out(
    path: Path, question: str = "Which moon is the largest one?", reference: str = ""
) -> Path:
    return write_lines(path, [encode_record(held_out(question, reference))])
