"""A run with many rows, each with its question, answer, chunk and line of the dataset."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from shutil import copyfile

import orjson

from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from jobs.settings.run_config import new_run_config, write_run_config
from schemas.record import content_id
from tests.integration.jobs.report.report_runs import HOSTILE, SETTINGS

ROWS_PER_CHUNK = 5
EVIDENCE = "The valve opens at"


def write_row_run(run_dir: Path, *, row_count: int) -> RunFolder:
    """`row_count` rows of hostile text; every hundredth was rejected beside."""
    folder = RunFolder(run_dir)
    folder.create()
    write_run_config(folder.config_path, new_run_config(SETTINGS))
    numbers = range(row_count)
    replace_file(folder.results_path("documents"), _documents(row_count))
    replace_file(folder.results_path("chunks"), _chunks(row_count))
    replace_file(folder.results_path("questions"), map(_question, numbers))
    copyfile(folder.results_path("questions"), folder.results_path("kept_questions"))
    replace_file(folder.results_path("answers"), map(_answer, numbers))
    replace_file(folder.dataset_dir / "provenance.jsonl", map(_provenance, numbers))
    replace_file(folder.dataset_dir / "train.jsonl", map(_row, numbers))
    replace_file(folder.rejected_path, map(_rejected, range(0, row_count, 100)))
    return folder


def question_text(number: int) -> str:
    return f"At which pressure does valve {number} open? {HOSTILE}"


def answer_text(number: int) -> str:
    return f"Valve {number} opens at {number % 90 + 10} bar. Größe Ä. {HOSTILE}"


def chunk_text(number: int) -> str:
    return f"{HOSTILE} Chunk {number}. {EVIDENCE} {number % 90 + 10} bar. It is checked every year."


def _ids(number: int) -> dict[str, str]:
    return {
        "question_id": content_id("question", number),
        **_ids_of_chunk(number // ROWS_PER_CHUNK),
    }


@lru_cache(maxsize=100)
def _ids_of_chunk(chunk: int) -> dict[str, str]:
    return {
        "chunk_id": content_id("chunk", chunk),
        "document_id": content_id("document", chunk // 10),
    }


def _evidence(number: int) -> list[dict[str, int]]:
    return _evidence_in(number // ROWS_PER_CHUNK)


@lru_cache(maxsize=100)
def _evidence_in(chunk: int) -> list[dict[str, int]]:
    start = 1000 + chunk_text(chunk).index(EVIDENCE)
    return [{"start_char": start, "end_char": start + len(EVIDENCE)}]


def _question(number: int) -> bytes:
    return orjson.dumps(
        {
            **_ids(number),
            "side": "train",
            "kind": ("factual", "why", "how_to")[number % 3],
            "text": question_text(number),
            "evidence": _evidence(number),
            "scores": {},
            "request_id": "r",
        }
    )


def _answer(number: int) -> bytes:
    return orjson.dumps(
        {
            "answer_id": content_id("answer", number),
            **_ids(number),
            "side": "train",
            "text": answer_text(number),
            "evidence": _evidence(number),
            "scores": {},
            "model": "teacher-model",
            "request_id": "r",
        }
    )


def _provenance(number: int) -> bytes:
    return orjson.dumps(
        {
            "answer_id": content_id("answer", number),
            "file": "train.jsonl",
            "row": number,
            **_ids(number),
            "path": f"docs/{number // 50}.md",
            "title": "Valves",
            "headings": ["Pressure"],
            "first_page": None,
            "last_page": None,
            "kind": ("factual", "why", "how_to")[number % 3],
            "question_evidence": _evidence(number),
            "answer_evidence": _evidence(number),
            "scores": {"answer_overlap": 0.5},
            "model": "teacher-model",
            "request_ids": ["r", "r"],
            "question_cost_usd": None,
            "answer_cost_usd": None,
        }
    )


def _row(number: int) -> bytes:
    user = f"Excerpt from Valves:\n\n{chunk_text(number // ROWS_PER_CHUNK)}\n\nQuestion: "
    messages = [
        {"role": "system", "content": "You answer."},
        {"role": "user", "content": user + question_text(number)},
        {"role": "assistant", "content": answer_text(number)},
    ]
    return orjson.dumps({"messages": messages})


def _rejected(number: int) -> bytes:
    return orjson.dumps(
        {
            "rejection_id": content_id("rejection", number),
            "item_id": content_id("dropped", number),
            "stage": "questions",
            "reason": ("leans_on_context", "too_short")[number // 100 % 2],
            "score": None,
            "threshold": None,
            "detail": "",
            "text": f"Dropped {number}? {HOSTILE}",
        }
    )


def _chunks(row_count: int) -> Iterator[bytes]:
    for number in range((row_count + ROWS_PER_CHUNK - 1) // ROWS_PER_CHUNK):
        text = chunk_text(number)
        yield orjson.dumps(
            {
                "chunk_id": content_id("chunk", number),
                "document_id": content_id("document", number // 10),
                "path": f"docs/{number // 10}.md",
                "title": "Valves",
                "side": "train",
                "start_char": 1000,
                "end_char": 1000 + len(text),
                "first_page": None,
                "last_page": None,
                "headings": ["Pressure"],
                "token_count": 20,
                "text": text,
            }
        )


def _documents(row_count: int) -> Iterator[bytes]:
    for number in range(max(1, row_count // 50)):
        yield orjson.dumps(
            {
                "document_id": content_id("document", number),
                "path": f"docs/{number}.md",
                "format": "markdown",
                "size_bytes": 1,
                "title": "Valves",
                "word_count": 100,
                "text": HOSTILE,
            }
        )
