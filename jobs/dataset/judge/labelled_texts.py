"""Reads texts with judged questions and answers, one text a line."""

from pathlib import Path

from pydantic import ValidationError

from engine.errors import ConfigError
from engine.files.records import first_problem
from jobs.text.numbered_sentences import number_sentences
from schemas.documents import Chunk
from schemas.labels import LabelledText
from schemas.record import content_id


def read_labelled_texts(path: Path) -> list[LabelledText]:
    """All texts of a file of labels.

    Raises:
        ConfigError: it cannot be read, holds none, or a line is no such text; says which and why.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    texts = [_read(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not texts:
        raise ConfigError(f"{path}: found no line, expected texts with labels (docs/quality.md)")
    return texts


def _read(path: Path, number: int, line: str) -> LabelledText:
    try:
        text = LabelledText.model_validate_json(line)
    except ValidationError as error:
        raise ConfigError(
            f"{path}:{number}: not a text with labels: {first_problem(error)}; docs/quality.md "
            "has the form"
        ) from error
    count = len(number_sentences(chunk_of(text)).texts)
    named = [n for each in text.questions for n in each.evidence]
    named += [n for each in text.answers for n in (*each.evidence, *each.question_evidence)]
    if wrong := [n for n in named if not 1 <= n <= count]:
        raise ConfigError(
            f"{path}:{number}: evidence names sentence {wrong[0]}, the text has {count}"
        )
    return text


def chunk_of(text: LabelledText) -> Chunk:
    """A labelled text as the chunk that it would be."""
    return Chunk(
        chunk_id=content_id("labelled", text.label_id, text.text),
        document_id=text.label_id,
        path=text.label_id,
        title=text.title,
        side="train",
        start_char=0,
        end_char=len(text.text),
        first_page=None,
        last_page=None,
        headings=text.headings,
        token_count=0,
        text=text.text,
    )
