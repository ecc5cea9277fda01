"""What a student learns from in its benchmark, and what it is validated with."""

from pathlib import Path

import orjson
import pytest

from scripts.benchmarks.student.rows import PASSAGE_CHARS, UNANSWERABLE_SHARE, Rows, make_rows

DOCUMENTS, QUESTIONS = 6, 4
SENTENCES = 30  # nearly twice what a passage holds


def write_rows(folder: Path) -> Path:
    """Each document has one question more than the one before it, each about a long text."""
    rows, middle = [], SENTENCES // 2
    for document in range(DOCUMENTS):
        for number in range(QUESTIONS + document):
            text = f"{document} {number}"
            words = [f"Sentence {i} of text {text} says this." for i in range(SENTENCES)]
            start = len(" ".join(words[:middle])) + 1
            rows.append(
                {
                    "question": f"What does {text} say?",
                    "answer": words[middle],
                    "kind": "factual",
                    "document": f"{document}.html",
                    "title": f"Document {document}",
                    "section": "",
                    "context": " ".join(words),
                    "evidence": [{"start_char": start, "end_char": start + len(words[middle])}],
                }
            )
    (folder / "train.jsonl").write_bytes(b"\n".join(map(orjson.dumps, rows)) + b"\n")
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    return make_rows(write_rows(tmp_path_factory.mktemp("rows")), 3, seed=1)


def test_passages_are_cut_anew_at_every_pass_around_what_answers(made: Rows) -> None:
    train, _ = made

    answered = [row for row in train if row.kind != "unanswerable"]
    assert all(row.answer in row.passage for row in answered)
    assert all(len(row.passage) < PASSAGE_CHARS + 100 for row in train)
    questions = {row.question for row in answered}
    assert len({(row.question, row.passage) for row in answered}) > 2 * len(questions)


def test_the_smallest_documents_validate_and_are_not_learnt_from(made: Rows) -> None:
    train, validation = made

    assert {row.document for row in validation} == {"0.html", "1.html", "2.html"}
    assert {row.document for row in train} == {"3.html", "4.html", "5.html"}
    for rows in (train, validation):
        refused = sum(row.kind == "unanswerable" for row in rows)
        assert abs(refused / len(rows) - UNANSWERABLE_SHARE) < 0.02
