"""Reads a file of questions, one a line, that need not come from the run."""

import logging
from collections.abc import Iterator
from pathlib import Path

from engine.errors import ConfigError
from engine.files.records import read_records_by_id
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from jobs.dataset.questions.keep_questions import KEPT_QUESTIONS
from jobs.text.untrusted_text import make_line
from schemas.dataset import Question
from schemas.documents import Side

MAX_QUESTION_CHARS = 4_000

_log = logging.getLogger(__name__)


def read_questions(path: Path) -> list[str]:
    """The questions of a UTF-8 file in order, each once; empty lines are no questions.

    Raises:
        ConfigError: it cannot be read, is not UTF-8, holds no question, or a line is too long
            for one.
    """
    questions = list(_read_lines(path))
    once = list(dict.fromkeys(questions))
    if not once:
        raise ConfigError(f"{path}: holds no question; expected one a line")
    if repeated := len(questions) - len(once):
        _log.warning("%s: %d questions that stand there before were left out", path, repeated)
    return once


def _read_lines(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                question = make_line(_decode(line, path, number))
                if len(question) > MAX_QUESTION_CHARS:
                    raise ConfigError(
                        f"{path}:{number}: has {len(question):,} characters; expected one question "
                        f"a line, of {MAX_QUESTION_CHARS:,} characters at most"
                    )
                if question:
                    yield question
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


def _decode(line: bytes, path: Path, number: int) -> str:
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}:{number}: is not UTF-8; convert the file first") from error


def write_question_file(path: Path, folder: RunFolder, side: Side) -> int:
    """Write the kept questions of one side, in the order of their ids; returns how many.

    Raises:
        StorageError: the disk refused the file.
    """
    return replace_file(path, _lines(folder, side))


def _lines(folder: RunFolder, side: Side) -> Iterator[bytes]:
    for question in read_records_by_id(folder.results_path(KEPT_QUESTIONS.name), Question):
        if question.side == side:
            yield make_line(question.text).encode()
