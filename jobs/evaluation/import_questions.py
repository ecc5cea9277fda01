"""Reads a file of questions, one a line, that need not come from the run."""

import logging
from collections.abc import Iterator
from pathlib import Path

from engine.errors import ConfigError
from jobs.text.untrusted_text import make_line

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
