"""The answers side by side as CSV, one row a question, safe to open in a spreadsheet."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from engine.files import replacing
from schemas.evaluation import METRICS, ROLES, ModelAnswer, Role, Sample, Score

MAX_CELL_CHARS = 32_767  # Excel's and LibreOffice's; Excel puts the rest into further rows
CUT_MARK = " [cut: a spreadsheet's cell holds no more]"

# Fields that a spreadsheet takes for a formula (OWASP, "CSV Injection"), the full-width signs too.
_STARTS_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")

SAMPLE_COLUMNS = ("sample_id", "slice", "document", "kind", "question", "context")
ANSWER_COLUMNS = (
    *("model", "mode", "answer", *METRICS, "problem"),
    *("characters", "completion_tokens", "is_refusal"),
)

Cell = str | int | float | None


def write_responses(
    path: Path,
    samples: Sequence[Sample],
    answers: Iterable[ModelAnswer],
    scores: Iterable[Score],
) -> int:
    """Replace `path` by the table, in the order of the samples' ids; returns how many rows.

    UTF-8 with the byte order mark that Excel asks for. Texts that would be formulas begin with an
    apostrophe; scores are numbers and stay so. Columns of a role are there if it has answered.

    Raises:
        StorageError: the disk refused it; `path` is as it was.
    """
    answer_of = {(answer.sample_id, answer.role): answer for answer in answers}
    scores_of: dict[str, list[Score]] = {}
    for score in scores:
        scores_of.setdefault(score.answer_id, []).append(score)
    roles = [role for role in ROLES if any(role == of for _, of in answer_of)]
    with replacing(path) as write_line:
        write_line(codecs.BOM_UTF8 + _encode_row(_header(roles)))
        for sample in sorted(samples, key=lambda sample: sample.sample_id):
            row: list[Cell] = list(_sample_cells(sample))
            for role in roles:
                answer = answer_of.get((sample.sample_id, role))
                row += (
                    _answer_cells(answer, scores_of.get(answer.answer_id, []))
                    if answer
                    else ([None] * len(ANSWER_COLUMNS))
                )
            write_line(_encode_row(row))
    return len(samples)


def _header(roles: Sequence[Role]) -> list[str]:
    return [*SAMPLE_COLUMNS, *(f"{role}_{column}" for role in roles for column in ANSWER_COLUMNS)]


def _sample_cells(sample: Sample) -> Iterator[str]:
    yield from (sample.sample_id, sample.slice, sample.path, sample.kind or "")
    yield from (sample.question, sample.context)


def _answer_cells(answer: ModelAnswer, scores: Iterable[Score]) -> Iterator[Cell]:
    by_metric = {score.metric: score for score in scores}
    yield from (answer.model, answer.mode, answer.text)
    for metric in METRICS:
        yield by_metric[metric].value if metric in by_metric else None
    yield "; ".join(f"{score.metric}: {score.problem}" for score in scores if score.problem)
    yield from (len(answer.text), answer.completion_tokens, "yes" if answer.is_refusal else "no")


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
