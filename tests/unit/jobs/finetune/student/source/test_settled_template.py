"""A template writes the same prompt on every day, whatever a server's defaults are."""

from pathlib import Path

import pytest

from engine.errors import ConfigError
from jobs.finetune.student.source.chat_template import ChatTemplate
from jobs.finetune.student.source.find_student import find_student
from jobs.finetune.student.source.settled_template import settled_template
from jobs.finetune.student.source.vocabulary import Vocabulary
from tests.rows import each_row
from tests.unit.jobs.finetune.student.own_templates import (
    NEEDS_DATE,
    THINKS,
    WRITES_BOS,
    WRITES_DATE,
)
from tests.unit.jobs.finetune.student.tiny_students import START, TEMPLATE, make_folder

QUESTION = [{"role": "user", "content": "Where?"}]
ASSISTANT = f"{START}assistant\n"


def vocabulary_with(tmp_path: Path, template: str, **changes: object) -> Vocabulary:
    folder = make_folder(tmp_path / "tiny", template=template)
    return find_student(str(folder)).vocabulary()._replace(**changes)  # type: ignore[arg-type]


def test_a_template_that_can_tell_the_date_writes_its_own_fixed_one(tmp_path: Path) -> None:
    template = ChatTemplate(vocabulary_with(tmp_path, WRITES_DATE), "tiny")

    assert template.prompt(QUESTION).startswith("On 1 May 2023.\n")
    assert "strftime_now is defined" not in template.vocabulary.template


def test_a_template_that_needs_the_date_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'strftime_now' is undefined"):
        ChatTemplate(vocabulary_with(tmp_path, NEEDS_DATE), "tiny")


def test_a_template_that_can_think_does_not(tmp_path: Path) -> None:
    template = ChatTemplate(vocabulary_with(tmp_path, THINKS), "tiny")

    assert template.prompt(QUESTION).endswith(f"{ASSISTANT}<think>\n\n</think>\n\n")
    row = template.encode([*QUESTION, {"role": "assistant", "content": "Here."}])
    learnt = template.vocabulary.tokenizer.decode(row.ids[row.prompt_length :])
    assert learnt == "Here."


@each_row("template", [TEMPLATE, THINKS, WRITES_DATE])
def test_settling_twice_is_settling_once(template: str) -> None:
    assert settled_template(settled_template(template)) == settled_template(template)


def test_a_bos_that_servers_add_stands_before_a_prompt_once(tmp_path: Path) -> None:
    plain = vocabulary_with(tmp_path, WRITES_BOS)
    template = ChatTemplate(plain._replace(adds_bos=True), "tiny")
    bos_id = plain.tokenizer.token_to_id(START)

    ids = template.prompt_ids(QUESTION)

    assert ids == ChatTemplate(plain, "tiny").prompt_ids(QUESTION)
    assert ids[:2] == [bos_id, bos_id]  # BOS, and the turn, which is the same token here
    assert ids[2] != bos_id
    encoded = template.encode([*QUESTION, {"role": "assistant", "content": "Here."}])
    assert list(encoded.ids[: encoded.prompt_length]) == ids
