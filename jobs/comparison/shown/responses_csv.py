"""The answers side by side as CSV, one row a question, safe to open in a spreadsheet."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.files.replace import replacing
from jobs.comparison.score_table import find_contenders, find_metrics
from jobs.comparison.shown.side_by_side import ScoredAnswer, SideBySide, put_side_by_side
from jobs.evaluation.read_evaluation import Evaluation
from schemas.comparison import Contender
from schemas.evaluation import Metric

MAX_CELL_CHARS = 32_767  # Excel's and LibreOffice's; Excel puts the rest into further rows
CUT_MARK = " [cut: a spreadsheet's cell holds no more]"

# Fields that a spreadsheet takes for a formula (OWASP, "CSV Injection"), the full-width signs too.
_STARTS_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")

SAMPLE_COLUMNS = ("sample_id", "slice", "document", "kind", "question", "context")

REFUSAL_WORDS = {True: "yes", False: "no", None: "unknown"}

Cell = str | int | float | None


def write_responses(path: Path, evaluation: Evaluation) -> int:
    """Replace `path` by the table, in the order of the samples' ids; returns how many rows.

    UTF-8 with the byte order mark that Excel asks for. Texts that would be formulas begin with an
    apostrophe; scores are numbers and stay so. Each contender has its columns.

    Raises:
        StorageError: the disk refused it; `path` is as it was.
    """
    contenders, metrics = find_contenders(evaluation.answers), find_metrics(evaluation)
    has_references = any(sample.reference for sample in evaluation.samples)
    with replacing(path) as write_line:
        write_line(codecs.BOM_UTF8 + _encode_row(_header(contenders, metrics, has_references)))
        for row in put_side_by_side(evaluation, contenders):
            write_line(_encode_row(list(_cells(row, metrics, has_references))))
    return len(evaluation.samples)


def _cells(row: SideBySide, metrics: Sequence[Metric], has_references: bool) -> Iterator[Cell]:
    sample = row.sample
    yield from (sample.sample_id, sample.slice, sample.path, sample.kind or "")
    yield from (sample.question, sample.context)
    if has_references:
        yield sample.reference
    for scored in row.answers:
        if scored:
            yield from _answer_cells(scored, metrics)
        else:
            yield from (None for _ in _answer_columns(metrics))


def _answer_columns(metrics: Sequence[Metric]) -> Sequence[str]:
    return (
        *("model", "answer", *metrics, "problem"),
        *("characters", "completion_tokens", "is_refusal"),
    )


def _answer_cells(scored: ScoredAnswer, metrics: Sequence[Metric]) -> Iterator[Cell]:
    answer, scores, is_refusal = scored
    yield from (answer.model, answer.text)
    yield from (scores[metric].value if metric in scores else None for metric in metrics)
    yield "; ".join(
        f"{score.metric}: {score.problem}" for score in scores.values() if score.problem
    )
    yield from (len(answer.text), answer.completion_tokens, REFUSAL_WORDS[is_refusal])


def _header(
    contenders: Sequence[Contender], metrics: Sequence[Metric], has_references: bool
) -> list[str]:
    named = _answer_columns(metrics)
    columns = [f"{c.role}_{c.mode}_{column}" for c in contenders for column in named]
    return [*SAMPLE_COLUMNS, *(["reference"] if has_references else []), *columns]


def _encode_row(cells: Sequence[Cell]) -> bytes:
    buffer = io.StringIO()
    # Every text is quoted; `replacing` ends the line.
    writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC, lineterminator="")
    writer.writerow([safe_cell(cell) if isinstance(cell, str) else cell for cell in cells])
    return buffer.getvalue().encode()


def safe_cell(text: str) -> str:
    """The text as a spreadsheet shows it: never a formula, whole lines, no control characters."""
    text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
    if _STARTS_FORMULA.match(text):
        text = "'" + text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > MAX_CELL_CHARS:
        text = text[: MAX_CELL_CHARS - len(CUT_MARK)] + CUT_MARK
    return text
