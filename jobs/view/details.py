"""One line in full: its texts, its source with the evidence marked, what the judge said of it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson

from engine.run_folder import RunFolder
from jobs.dataset.ask_teacher import ANSWERS
from jobs.dataset.questions.keep_questions import KEPT_QUESTIONS
from jobs.dataset.rows.apply_reviews import RowText, reviews_path, row_hash
from jobs.view.line_file import find_by_field, find_by_id
from jobs.view.lists import Line, RunLists
from jobs.view.search_lines import read_line

Text = dict[str, Any]  # {"label", "text"}, and "marks": ranges of characters of the text


def read_details(lists: RunLists, name: str, number: int) -> dict[str, Any] | None:
    """What the page shows of a line: texts with marks, and the line's other fields."""
    line = read_line(lists, name, number)
    if line is None:
        return None
    details: dict[str, Any] = {"number": number, "texts": [], "row": None, "reviews": []}
    folder = lists.folder
    if name == "rows":
        details |= _row_details(folder, line)
    elif name == "evaluation":
        details["texts"] = _sample_texts(folder, line)
    else:
        details["texts"] = _plain_texts(folder, name, line)
    shown = {"text", "question", "answer", "context", "reference"}
    details["fields"] = {
        key: value if isinstance(value, str | int | float) else orjson.dumps(value).decode()
        for key, value in line.items()
        if key not in shown and value not in (None, "", [])
    }
    return details


def _row_details(folder: RunFolder, line: Line) -> dict[str, Any]:
    """The row as the run holds it, with its source, and what was decided about it."""
    question = _find(folder, KEPT_QUESTIONS.name, "question_id", str(line["question_id"]))
    answer = _find(folder, ANSWERS.name, "answer_id", str(line["answer_id"]))
    if question is None or answer is None:
        return {"texts": [_text("Question or answer", "(not in the run any more)")]}
    text = RowText(str(question["text"]), str(answer["text"]))
    spans = [*line.get("answer_evidence", ()), *line.get("question_evidence", ())]
    hashed = row_hash(text)
    return {
        "texts": [
            _text("Question", text.question),
            _text("Answer", text.answer),
            *_sources(folder, line, spans),
        ],
        "row": {
            "row_hash": hashed,
            "answer_id": line["answer_id"],
            "document_id": line["document_id"],
            "question": text.question,
            "answer": text.answer,
        },
        "reviews": _lines(find_by_field(reviews_path(folder), "row_hash", hashed)),
    }


def _sample_texts(folder: RunFolder, line: Line) -> list[Text]:
    """A question of the evaluation with all answers, their scores and the judge's reasons."""
    sample_id = str(line["sample_id"])
    texts = [_text("Question", str(line["question"]))]
    if line.get("reference"):
        texts.append(_text("Reference", str(line["reference"])))
    scores = _lines(find_by_field(_path(folder, "evaluation/scores"), "sample_id", sample_id))
    for answer in _lines(
        find_by_field(_path(folder, "evaluation/answers"), "sample_id", sample_id)
    ):
        label = f"{answer['role']}, {answer['mode']} book: {answer['model']}"
        own = [score for score in scores if score["answer_id"] == answer["answer_id"]]
        texts.append(_text(label, str(answer["text"]), scores=[_score(each) for each in own]))
    marks = [(span["start_char"], span["end_char"]) for span in line.get("evidence", ())]
    texts.append(_text(f"Source: {line.get('title')}", str(line["context"]), marks))
    return texts


def _score(score: Line) -> dict[str, Any]:
    findings = [
        f"{each.get('verdict')}: {each.get('claim')}"
        + (f" ({each['reason']})" if each.get("reason") else "")
        for each in score.get("findings", ())
    ]
    return {
        "metric": score["metric"],
        "value": score["value"],
        "problem": score["problem"],
        "judge": score["judge_model"],
        "findings": findings,
    }


def _plain_texts(folder: RunFolder, name: str, line: Line) -> list[Text]:
    texts = [
        _text(field.capitalize(), str(line[field]))
        for field in ("question", "answer", "text", "detail", "comment")
        if line.get(field)
    ]
    if name in ("held_out", "questions", "further_questions"):
        return [*texts, *_sources(folder, line, line.get("evidence", ()))]
    if name == "rejected":
        asked = line if line.get("chunk_id") else _asked(folder, str(line.get("item_id")))
        return [*texts, *_sources(folder, asked, asked.get("evidence", ()))]
    return texts


def _asked(folder: RunFolder, item_id: str) -> Line:
    """What a line of the drop ledger is about that does not say: a question, or a chunk."""
    question = _find(folder, "questions", "question_id", item_id)
    return {"chunk_id": item_id} if question is None else question


def _sources(folder: RunFolder, line: Line, spans: Sequence[Line]) -> list[Text]:
    """What a line is about: a chunk, or two."""
    ids = (line["chunk_id"], line.get("second_chunk_id"))
    return [text for each in ids if each for text in _source(folder, str(each), spans)]


def _source(folder: RunFolder, chunk_id: str, spans: Iterable[Line]) -> list[Text]:
    """The chunk, with the ranges marked that are in it; `spans` count the document's characters."""
    chunk = _find(folder, "chunks", "chunk_id", chunk_id)
    if chunk is None:
        return []
    start, text = int(chunk["start_char"]), str(chunk["text"])
    marks = [
        (span["start_char"] - start, span["end_char"] - start)
        for span in spans
        if start <= span["start_char"] and span["end_char"] <= start + len(text)
    ]
    place = " > ".join([str(chunk["title"]), *chunk["headings"]])
    return [_text(f"Source: {place} ({chunk['path']})", text, marks)]


def _text(label: str, text: str, marks: Sequence[tuple[int, int]] = (), **more: object) -> Text:
    return {"label": label, "text": text, "marks": sorted(set(marks)), **more}


def _find(folder: RunFolder, stage: str, id_field: str, item_id: str) -> Line | None:
    found = find_by_id(_path(folder, stage), id_field, item_id)
    return None if found is None else _lines([found])[0]


def _lines(found: Iterable[bytes]) -> list[Line]:
    return [orjson.loads(data) for data in found]


def _path(folder: RunFolder, stage: str) -> Path:
    return folder.results_path(stage)
