import hashlib
from pathlib import Path

import orjson
import pytest

from engine.errors import ConfigError
from jobs.finetune.check_rows import MIN_ROWS, CheckedRows, check_rows, require_rows
from tests.rows import each_row
from tests.unit.jobs.finetune.rows import many_rows, row, write_held_out, write_lines


def check(tmp_path: Path, lines: list[bytes], *, max_row_tokens: int = 1_000) -> CheckedRows:
    return check_rows(
        write_lines(tmp_path / "train.jsonl", lines),
        held_out_path=write_held_out(tmp_path / "held_out.jsonl"),
        max_row_tokens=max_row_tokens,
    )


def messages(*pairs: tuple[str, object]) -> bytes:
    return orjson.dumps({"messages": [{"role": r, "content": c} for r, c in pairs]})


def test_good_rows_are_counted_and_hashed(tmp_path: Path) -> None:
    lines = many_rows(12)

    checked = check(tmp_path, [*lines, b""])

    assert (checked.rows, checked.warnings) == (12, ())
    assert checked.tokens > 12 * 10
    assert checked.sha256 == hashlib.sha256(b"".join(x + b"\n" for x in [*lines, b""])).hexdigest()


@each_row(
    "line, problem",
    [
        (b"{", "is not JSON"),
        (b'{"messages":[{"role":"user","content":"\xff"}]}', "is not JSON"),
        (b'{"messages":["hello"]}', "found role None, expected one of system, user, assistant"),
        (b'{"messages":[{"role":["user"],"content":"x"}]}', "found role ['user']"),
        (b"[]", 'a list of "messages"'),
        (b'{"messages":[]}', 'a list of "messages"'),
        (messages(("tool", "x"), ("assistant", "y")), "found role 'tool'"),
        (messages(("user", "x"), ("assistant", " ")), "role 'assistant' has no text"),
        (messages(("user", "x"), ("assistant", None)), "role 'assistant' has no text"),
        (messages(("user", "x")), "found role 'user' last"),
        (messages(("system", "x"), ("assistant", "y")), "no message of role 'user'"),
    ],
)
def test_bad_row_is_named_with_its_line(tmp_path: Path, line: bytes, problem: str) -> None:
    with pytest.raises(ConfigError) as raised:
        check(tmp_path, [row(), line])

    assert problem in str(raised.value)
    assert f"{tmp_path}/train.jsonl:2: " in str(raised.value)
    assert "nothing was tuned" in str(raised.value)


def test_of_many_bad_rows_the_first_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="and 5 more rows"):
        check(tmp_path, [b"{"] * 25)


def test_row_of_too_many_tokens_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"expected at most 20 \(student.max_row_tokens\)"):
        check(tmp_path, [row()], max_row_tokens=20)


@each_row(
    "question",
    [
        "Which moon is the largest one?",
        "which moon is the LARGEST one",
        "The largest one: which moon is it?",
    ],
)
def test_held_out_question_among_the_rows_is_leakage(tmp_path: Path, question: str) -> None:
    with pytest.raises(ConfigError, match="asks held-out question q1"):
        check(tmp_path, [row(question)])


def test_held_out_question_is_found_in_an_earlier_turn_and_without_an_excerpt(
    tmp_path: Path,
) -> None:
    asked, told = ("user", "Which moon is the largest one?"), ("assistant", "That one.")
    line = messages(asked, told, ("user", "And the smallest?"), ("assistant", "This one."))

    with pytest.raises(ConfigError, match=r"train.jsonl:1: asks held-out question q1 \(simil"):
        check(tmp_path, [line])


@each_row("question", ["Which planet is the largest one?", "?!", "Which moons?"])
def test_question_that_is_merely_related_is_no_leakage(tmp_path: Path, question: str) -> None:
    assert check(tmp_path, [row(question)]).rows == 1


def test_repeated_rows_are_a_warning(tmp_path: Path) -> None:
    checked = check(tmp_path, [row(), row(), row("And why?")])

    assert checked.warnings == (f"{tmp_path}/train.jsonl: rows that repeat another one: 1",)


def test_too_few_rows_are_refused(tmp_path: Path) -> None:
    checked = check(tmp_path, many_rows(MIN_ROWS - 1))

    with pytest.raises(ConfigError, match="found 9 rows, expected at least 10"):
        require_rows(checked, MIN_ROWS)


def test_missing_file_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none.jsonl: cannot be read: No such file"):
        check_rows(tmp_path / "none.jsonl", held_out_path=tmp_path / "h", max_row_tokens=9)
