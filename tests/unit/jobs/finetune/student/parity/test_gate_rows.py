"""What is served is compared over rows that its server can be asked; longer ones are trained on."""

import json
from pathlib import Path

import pytest

from engine.errors import ConfigError
from jobs.finetune.student.parity.gate_rows import ROW_COUNT, read_gate_rows
from jobs.finetune.student.source.chat_template import ChatTemplate
from jobs.finetune.student.source.find_student import find_student
from tests.unit.jobs.finetune.student.tiny_students import chat_row, make_folder

LONG, SHORT = "long " * 200, "short"


def rows_of(path: Path, *words: str) -> Path:
    rows = [chat_row(f"{number}. {word}", "Here.") for number, word in enumerate(words)]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    return path


@pytest.fixture
def template(tmp_path: Path) -> ChatTemplate:
    vocabulary = find_student(str(make_folder(tmp_path / "tiny"))).vocabulary()
    return ChatTemplate(vocabulary, "tiny")


def numbers_of(path: Path, template: ChatTemplate, *, most_tokens: int) -> list[int]:
    rows = read_gate_rows(path, template, most_tokens=most_tokens)
    return [int(row[1]["content"].partition(".")[0]) for row in rows]


def test_rows_are_spread_over_the_file(tmp_path: Path, template: ChatTemplate) -> None:
    path = rows_of(tmp_path / "rows.jsonl", *[SHORT] * 20)

    numbers = numbers_of(path, template, most_tokens=512)

    assert numbers == [0, 3, 6, 9, 12, 15]
    assert len(numbers) == ROW_COUNT


def test_rows_that_the_server_cannot_be_asked_are_left_to_others(
    tmp_path: Path, template: ChatTemplate
) -> None:
    path = rows_of(tmp_path / "rows.jsonl", LONG, SHORT, LONG, LONG, SHORT)

    assert numbers_of(path, template, most_tokens=512) == [1, 4]
    assert numbers_of(path, template, most_tokens=5_000) == [0, 1, 2, 3, 4]


def test_a_file_of_rows_that_are_all_too_long_is_one_message(
    tmp_path: Path, template: ChatTemplate
) -> None:
    path = rows_of(tmp_path / "rows.jsonl", LONG, LONG)

    with pytest.raises(ConfigError, match=r"rows\.jsonl: no row is shorter than the 512 tokens"):
        read_gate_rows(path, template, most_tokens=512)
