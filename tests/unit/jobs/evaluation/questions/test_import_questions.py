from pathlib import Path

import pytest

from engine.errors import ConfigError
from jobs.evaluation.questions.import_questions import read_questions
from tests.rows import each_row


def test_questions_are_read_in_order_each_once(tmp_path: Path) -> None:
    path = tmp_path / "q.txt"
    path.write_bytes(b"\xef\xbb\xbfWhat is it?\r\n\r\n  Why\tnow? \nWhat is it?\nWo?")

    assert read_questions(path) == ["What is it?", "Why now?", "Wo?"]


@each_row(
    "content, message",
    [
        (b"", "holds no question"),
        (b"\n \n", "holds no question"),
        (b"What?\n\xff\xfe\n", r"q\.txt:2: is not UTF-8"),
        (b"What?\n" + b"x" * 5000, r"q\.txt:2: has 5,000 characters"),
    ],
)
def test_file_that_holds_no_questions_is_refused(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "q.txt"
    path.write_bytes(content)

    with pytest.raises(ConfigError, match=message):
        read_questions(path)


def test_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_questions(tmp_path / "none.txt")
