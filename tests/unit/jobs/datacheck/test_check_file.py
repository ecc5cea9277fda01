import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ConfigError
from jobs.datacheck.check_file import FileCheck, check_file, describe_check
from tests.rows import each_row

EXCERPT = (
    "The kiln is heated to 1220 degrees before porcelain goes in, and it stays shut for a whole "
    "day after that, because a draught of cold air would crack the glaze of every single cup."
)
KILN = ("How hot is the kiln before porcelain goes in?", "The kiln is heated to 1220 degrees.")
SAW = ("Why does the saw have five teeth an inch?", "Five teeth an inch are right for wet wood.")


def chat(question: str, answer: str, *, system: str = "You answer.") -> dict[str, Any]:
    messages = [
        {"role": "system", "content": system},
        {"role": "user", "content": question},
        {"role": "assistant", "content": answer},
    ]
    return {"messages": messages}


def write(path: Path, lines: Sequence[object]) -> Path:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts) + "\n")
    return path


def check(tmp_path: Path, *rows: object, against: Sequence[object] = ()) -> FileCheck:
    file = write(tmp_path / "train.jsonl", rows)
    other = write(tmp_path / "eval.jsonl", against) if against else None
    return check_file(file, other)


def test_sound_rows_are_fit_and_counted(tmp_path: Path) -> None:
    found = check(tmp_path, chat(*KILN), chat(*SAW))

    assert found.is_fit
    assert (found.rows, found.bad_rows, found.repeated_rows) == (2, 0, 0)
    assert found.tokens["total"] >= found.tokens["most"] >= found.tokens["median"] > 10


def test_long_answers_that_say_nearly_the_same_are_counted(tmp_path: Path) -> None:
    nearly = EXCERPT.replace("goes in", "is put in")
    other = EXCERPT.replace("1220", "980")

    found = check(
        tmp_path,
        chat(KILN[0], EXCERPT),
        chat(SAW[0], nearly),
        chat("Why is glaze cracked by a draught?", other),
        chat("What burns in the forge?", KILN[1]),
        chat("What is stirred into the vat?", KILN[1]),
    )

    assert (found.repeated_answers, found.near_answers) == (1, 1)
    assert "1 answers (1 more of the long ones nearly)" in "\n".join(describe_check(found))


@each_row(
    "line, says",
    [
        ("{", "is not JSON"),
        ("[]", 'a list of "messages"'),
        ({"messages": []}, 'a list of "messages"'),
        ({"messages": [{"role": "robot", "content": "x"}]}, "found role 'robot'"),
        ({"messages": [{"role": "user", "content": "x"}]}, "found role 'user' last"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "no message of role 'user'"),
        ({"messages": [{"role": "user", "content": " "}]}, "has no text"),
    ],
)
def test_line_that_is_no_row_is_named_with_what_was_expected(
    line: object, says: str, tmp_path: Path
) -> None:
    found = check(tmp_path, chat(*KILN), line)

    assert not found.is_fit
    assert found.bad_rows == 1
    assert says in found.problems[0]
    assert "train.jsonl:2:" in found.problems[0]


def test_repetitions_of_rows_questions_and_answers_are_told_apart(tmp_path: Path) -> None:
    found = check(
        tmp_path,
        chat(*KILN),
        chat(*KILN),
        chat(KILN[0], "Very hot."),
        chat("Before porcelain goes in, how hot is the kiln?", "At 1220 degrees."),
        chat("What is hot?", KILN[1]),
    )

    assert found.repeated_rows == 1
    assert found.repeated_questions == 2
    assert found.near_questions == 1
    assert found.repeated_answers == 2


def test_answers_whose_subject_is_a_pronoun_are_counted(tmp_path: Path) -> None:
    found = check(tmp_path, chat(*KILN), chat(SAW[0], "It has teeth for wet wood."))

    assert found.is_fit
    assert found.pronoun_count == 1
    assert "1 (50.0%) answers begin with one" in "\n".join(describe_check(found))


def test_languages_and_refusals_are_counted(tmp_path: Path) -> None:
    german = "Der Ofen wird auf 1220 Grad geheizt, bevor das Porzellan hineingestellt wird."
    found = check(
        tmp_path,
        chat(KILN[0], f"{EXCERPT}"),
        chat("Wie heiß wird der Ofen?", german),
        chat(SAW[0], "I'm sorry, but I cannot answer that."),
    )

    assert found.languages["de"] == 1
    assert found.languages["en"] >= 1
    assert found.refusal_count == 1


@each_row(
    "secret, name",
    [
        ("AKIA" + "ABCDEFGHIJKLMNOP", "AWS key"),
        ("-----BEGIN RSA " + "PRIVATE KEY-----", "private key"),
        ("ghp_" + "a1B2" * 9, "GitHub token"),
        ("sk-proj-" + "abcd1234" * 4, "OpenAI key"),
        ("postgres://bob:hunter22@db.example", "password in an address"),
    ],
)
def test_secret_is_named_by_its_kind_and_line_and_not_shown(
    secret: str, name: str, tmp_path: Path
) -> None:
    found = check(tmp_path, chat(*SAW), chat(KILN[0], f"Use {secret} for it."))

    assert found.secrets == {name: 1}
    assert not found.is_fit
    shown = "\n".join(describe_check(found))
    assert f"train.jsonl:2: holds a secret ({name})" in shown
    assert secret not in shown


@each_row(
    "text, names",
    [
        ("Write to jane.doe@firm.de or call +49 30 1234567.", {"e-mail address", "phone number"}),
        ("Write to jane@example.org.", set()),
        ("Pay with 4111 1111 1111 1111.", {"card number"}),
        ("The number 4111 1111 1111 1112 is none.", set()),
        ("Send it to DE89 3704 0044 0532 0130 00.", {"IBAN"}),
        ("Send it to DE88 3704 0044 0532 0130 00.", set()),
    ],
)
def test_personal_data_is_counted_and_forbids_nothing(
    text: str, names: set[str], tmp_path: Path
) -> None:
    found = check(tmp_path, chat(KILN[0], text))

    assert set(found.personal) == names
    assert found.is_fit


@each_row(
    "item, how",
    [
        ({"question": KILN[0].upper()}, "same question"),
        ("before porcelain goes in: how hot is the kiln?", "nearly the same question"),
        ({"prompt": "A draught of cold air would crack the glaze"}, "question within a text"),
        ({"question": "Something else entirely?", "context": EXCERPT}, "same text"),
        (chat("Which cup?", EXCERPT), "same text"),
    ],
)
def test_what_gives_an_evaluation_away_is_found(item: object, how: str, tmp_path: Path) -> None:
    row = chat(f"Excerpt from it:\n\n{EXCERPT}\n\nQuestion: {KILN[0]}", KILN[1])

    found = check(tmp_path, chat(*SAW), row, against=["Who paints?", item])

    assert found.leaks == {how: 1}
    assert f"train.jsonl:2: gives away line 2 ({how})" in found.named[0]


def test_evaluation_about_something_else_leaks_nothing(tmp_path: Path) -> None:
    items = [{"question": "What is the vat for?", "context": "The vat of indigo rests for days."}]

    assert check(tmp_path, chat(*KILN), chat(*SAW), against=items).leaks == {}


@each_row("items, says", [(['{"a": 1}'], "eval.jsonl:1: expected a text"), ([""], "found no line")])
def test_evaluation_without_questions_is_refused(
    items: list[str], says: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=says):
        check(tmp_path, chat(*KILN), against=items)


def test_file_that_is_not_there_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        check_file(tmp_path / "none.jsonl")
