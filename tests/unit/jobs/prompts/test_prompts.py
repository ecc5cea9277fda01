from typing import Any

import pytest

from engine.wire.tokens import count_tokens
from jobs.dataset.stages import DATASET
from jobs.evaluation.stages import EVALUATION
from jobs.prompts import prompt_hashes, read_prompt
from jobs.run.stages import Stage
from schemas.record import content_id
from tests.rows import each_row

MIN_CACHED_TOKENS = 1024  # a shorter prefix is never cached (OpenAI prompt caching guide)


@each_row("name", ["write_questions.md", "write_answer.md"])
def test_shared_part_is_long_enough_for_the_prompt_cache(name: str) -> None:
    tokens = count_tokens(read_prompt(name))

    assert tokens >= MIN_CACHED_TOKENS


def test_every_prompt_file_has_the_hash_of_its_content() -> None:
    hashes = prompt_hashes()

    assert {"write_questions.md", "write_answer.md"} <= hashes.keys()
    assert all(digest == content_id("prompt", read_prompt(name)) for name, digest in hashes.items())
    assert not any(name.endswith((".py", ".pyc")) for name in hashes)


def test_unknown_prompt_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match=r"no_such\.md"):
        read_prompt("no_such.md")


def test_every_prompt_file_is_named_by_a_stage() -> None:
    stages: tuple[Stage[Any], ...] = (*DATASET, *EVALUATION)

    named = {name for stage in stages for names in stage.prompts.values() for name in names}

    assert prompt_hashes().keys() == named
