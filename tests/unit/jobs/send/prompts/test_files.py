"""Plain prompts become requests; their answers come back in their order."""

import csv
import json
from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.testing.calls import chat_request, completed
from jobs.send.prompts.answers import check_text_path, write_answers
from jobs.send.prompts.files import PromptForm, read_prompts, read_template, write_requests
from jobs.send.result_lines import encode_answer
from tests.rows import each_row

FORM = PromptForm("m", 50)


def written(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def texts(path: Path, form: PromptForm = FORM) -> list[str]:
    return [prompt.text for prompt in read_prompts(path, form)]


def answer_all(path: Path, form: PromptForm, replies: Path) -> None:
    """Answer each prompt with itself in brackets, in the reverse order."""
    lines = [
        encode_answer(
            completed(chat_request(prompt.custom_id), raw=reply_body(prompt.text)), "req_1"
        )
        for prompt in read_prompts(path, form)
    ]
    replies.write_bytes(b"".join(line + b"\n" for line in reversed(lines)))


def reply_body(text: str) -> bytes:
    return json.dumps({"choices": [{"message": {"content": f"[{text}]\nand \\ more"}}]}).encode()


def test_each_line_is_a_prompt_and_blank_ones_are_none(tmp_path: Path) -> None:
    path = written(tmp_path, "p.txt", "\ufeffWhat is a lathe?\r\n\n  Why\u2028here?  \n")

    assert texts(path) == ["What is a lathe?", "Why\u2028here?"]


def test_rows_go_through_the_template_and_other_braces_stay(tmp_path: Path) -> None:
    rows = written(tmp_path, "r.csv", 'name,text\nA,"one,\ntwo"\nB,three\n')
    form = FORM._replace(template='Sum up {text} for {name} as {"a": 1}')

    assert texts(rows, form) == [
        'Sum up one,\ntwo for A as {"a": 1}',
        'Sum up three for B as {"a": 1}',
    ]


def test_objects_are_rows_and_what_is_no_text_is_json(tmp_path: Path) -> None:
    path = written(tmp_path, "r.jsonl", '{"prompt": "Why?", "n": 3}\n\n{"prompt": ["a"]}\n')

    assert texts(path) == ["Why?", '["a"]']


def test_ids_do_not_depend_on_the_place_and_equal_prompts_have_two(tmp_path: Path) -> None:
    before = [p.custom_id for p in read_prompts(written(tmp_path, "a.txt", "x\ny\nx\n"), FORM)]
    after = [p.custom_id for p in read_prompts(written(tmp_path, "b.txt", "new\nx\ny\nx\n"), FORM)]
    other = [
        p.custom_id for p in read_prompts(tmp_path / "a.txt", FORM._replace(max_output_tokens=51))
    ]

    assert len(set(before)) == 3
    assert set(before) < set(after)
    assert set(before).isdisjoint(other)


def test_request_has_model_prompt_and_limit(tmp_path: Path) -> None:
    target = tmp_path / "out.requests"

    count = write_requests(written(tmp_path, "p.txt", "Why?\n"), FORM, target)

    line = json.loads(target.read_text())
    assert count == 1
    assert line["url"] == "/v1/chat/completions"
    assert line["body"] == {
        "model": "m",
        "messages": [{"role": "user", "content": "Why?"}],
        "max_completion_tokens": 50,
    }


@each_row(
    "name, text, problem",
    [
        ("p.txt", "\n \n", "p.txt: holds no prompt"),
        ("r.jsonl", '\n{"name": "A"}\n', "r.jsonl, line 2: has no 'prompt'; found name"),
        ("r.csv", "name\nA\n", r"r.csv, row 1: has no 'prompt'; found name\. Name a column"),
        ("r.jsonl", '{"prompt": "a"}\n[1]\n', "r.jsonl, line 2: found no JSON object"),
        ("r.jsonl", "{\n", "r.jsonl, line 1: is no JSON"),
    ],
)
def test_file_that_holds_no_prompts_is_told_with_its_place(
    tmp_path: Path, name: str, text: str, problem: str
) -> None:
    with pytest.raises(ConfigError, match=problem):
        write_requests(written(tmp_path, name, text), FORM, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_template_is_read_from_a_file_behind_an_at(tmp_path: Path) -> None:
    path = written(tmp_path, "t.md", "Sum up {text}\n")

    assert read_template(f"@{path}") == "Sum up {text}\n"
    assert read_template("Sum up {text}") == "Sum up {text}"
    with pytest.raises(ConfigError, match=r"--template: nowhere.md: cannot be read"):
        read_template("@nowhere.md")


def test_answers_stand_in_the_order_of_the_prompts(tmp_path: Path) -> None:
    path = written(tmp_path, "p.txt", "one\ntwo\none\n")
    replies, target = tmp_path / "out.jsonl", tmp_path / "answers.txt"
    answer_all(path, FORM, replies)
    written(tmp_path, "p.txt", "one\nnot asked yet\ntwo\none\n")

    count = write_answers(path, FORM, replies, target)

    assert count == 3
    assert target.read_text() == (
        "[one]\\nand \\\\ more\n\n[two]\\nand \\\\ more\n[one]\\nand \\\\ more\n"
    )


@each_row("name", ["answers.csv", "answers.jsonl"])
def test_rows_come_back_with_their_answers(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, "r.csv", "id,prompt\n7,Why?\n8,Who?\n")
    replies, target = tmp_path / "out.jsonl", tmp_path / name
    answer_all(path, FORM, replies)

    write_answers(path, FORM, replies, target)

    with target.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file)) if name.endswith("csv") else [*map(json.loads, file)]
    assert rows == [
        {"id": "7", "prompt": "Why?", "answer": "[Why?]\nand \\ more"},
        {"id": "8", "prompt": "Who?", "answer": "[Who?]\nand \\ more"},
    ]


def test_file_of_answers_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    replies = tmp_path / "out.jsonl"

    with pytest.raises(ConfigError, match="is the file of replies"):
        check_text_path(replies, replies)
    with pytest.raises(ConfigError, match="there is no folder"):
        check_text_path(tmp_path / "none" / "a.txt", replies)
