"""What a student learns from in its benchmark, and what it is validated with."""

from pathlib import Path

import orjson

from scripts.benchmarks.student.rows import PASSAGE_CHARS, UNANSWERABLE_SHARE, make_rows

DOCUMENTS, QUESTIONS = 6, 10


def write_rows(folder: Path) -> Path:
    """Each document has one question more than the one before it, each about a long text."""
    rows = []
    for document in range(DOCUMENTS):
        for number in range(QUESTIONS + document):
            words = [f"Sentence {i} of text {document} {number} says this." for i in range(60)]
            start = len(" ".join(words[:30])) + 1
            rows.append(
                {
                    "question": f"What does {document} {number} say?",
                    "answer": words[30],
                    "kind": "factual",
                    "document": f"{document}.html",
                    "title": f"Document {document}",
                    "section": "",
                    "context": " ".join(words),
                    "evidence": [{"start_char": start, "end_char": start + len(words[30])}],
                }
            )
    (folder / "train.jsonl").write_bytes(b"\n".join(map(orjson.dumps, rows)) + b"\n")
    return folder


def test_passages_are_cut_anew_at_every_pass_around_what_answers(tmp_path: Path) -> None:
    train, _ = make_rows(write_rows(tmp_path), 3, seed=1)

    answered = [row for row in train if row.kind != "unanswerable"]
    assert all(row.answer in row.passage for row in answered)
    assert all(len(row.passage) < PASSAGE_CHARS + 100 for row in train)
    questions = {row.question for row in answered}
    assert len({(row.question, row.passage) for row in answered}) > 2 * len(questions)


def test_the_smallest_documents_validate_and_are_not_learnt_from(tmp_path: Path) -> None:
    train, validation = make_rows(write_rows(tmp_path), 2, seed=1)

    assert {row.document for row in validation} == {"0.html", "1.html", "2.html"}
    assert {row.document for row in train} == {"3.html", "4.html", "5.html"}
    for rows in (train, validation):
        refused = sum(row.kind == "unanswerable" for row in rows)
        assert abs(refused / len(rows) - UNANSWERABLE_SHARE) < 0.02
