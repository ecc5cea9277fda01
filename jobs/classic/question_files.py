"""Files of questions, one a line: written from a run, for people and other tools."""

from collections.abc import Iterator
from pathlib import Path

from engine.files.records import read_records_by_id
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from jobs.text.untrusted_text import make_line
from schemas.dataset import Question
from schemas.documents import Side


def write_question_file(path: Path, folder: RunFolder, side: Side) -> int:
    """Write the kept questions of one side, in the order of their ids; returns how many.

    Raises:
        StorageError: the disk refused the file.
    """
    return replace_file(path, _lines(folder, side))


def _lines(folder: RunFolder, side: Side) -> Iterator[bytes]:
    for question in read_records_by_id(folder.results_path("kept_questions"), Question):
        if question.side == side:
            yield make_line(question.text).encode()
