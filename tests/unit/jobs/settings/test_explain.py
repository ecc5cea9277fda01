"""What is wrong with a setting, in words for people who know no library of ours."""

import re

import pytest

from engine.errors import ConfigError
from jobs.settings.explain import MEANT, suggest
from jobs.settings.resolve import read_assignments, resolve_settings, setting_keys
from tests.rows import each_row

LIBRARY_WORDS = re.compile(r"[Ii]nput should|[Vv]alue error|pydantic|parse|valid |type=|class '")


def problem_of(assignment: str) -> str:
    with pytest.raises(ConfigError) as caught:
        resolve_settings([read_assignments([assignment])])
    return str(caught.value)


@each_row(
    "assignment, told",
    [
        ("limits.max_in_flight=abc", "limits.max_in_flight: expected a whole number, found 'abc'"),
        ("limits.max_in_flight=1.5", "expected a whole number, found 1.5"),
        ("limits.max_in_flight=0", "expected at least 1, found 0"),
        ("limits.burst_s=100", "expected at most 60, found 100"),
        ("limits.burst_s=fast", "expected a number, found 'fast'"),
        ("budget.usd=-1", "expected a number above 0, found -1"),
        ("teacher.provider=x", "expected 'openai' or 'local', found 'x'"),
        ("teacher.model=3", "expected text (in quotes, in a file), found 3"),
        ("dataset.closed_book=maybe", "expected true or false, found 'maybe'"),
        ("questions.kind_weights=3", "expected a table of names and values, found 3"),
        ("chunks=3", "expected a table of names and values, found 3"),
        ("endpoints=5", "endpoints: expected a list of tables"),
        ("questions.personas=x", """personas: expected a list such as ["a", "b"], found 'x'"""),
        ('questions.personas=["a", ""]', "personas.1: expected a text that is not empty"),
        ("documents_dir=3", "expected the path of a folder, as text, found 3"),
        (f"student.suffix={'x' * 80}", "expected at most 64 characters"),
        ("prices.m.output=2", "prices.m.input: is missing"),
        ("teacher.base_url=foo", "expected a web address such as https://api.openai.com/v1"),
        ("questions.kind_weights.why=nan", "found nan"),
    ],
)
def test_problem_is_told_in_plain_words(assignment: str, told: str) -> None:
    problem = problem_of(assignment)

    assert told in problem
    assert not LIBRARY_WORDS.search(problem)


def test_value_that_may_be_a_secret_is_not_shown() -> None:
    assert "sk-abc" not in problem_of("teacher.key_variable=sk-abc def")


@each_row(
    "key, meant",
    [
        ("limits.rpm", "limits.requests_per_minute"),
        ("tpm", "limits.tokens_per_minute"),
        ("limits.concurrency", "limits.max_in_flight"),
        ("teacher.api_key", "teacher.key_variable"),
        ("chunk_size", "chunks.target_tokens"),
        ("max_reply_mb", "limits.max_reply_mb"),
        ("teacher.modell", "teacher.model"),
    ],
)
def test_setting_is_suggested_by_what_the_word_means(key: str, meant: str) -> None:
    assert f"did you mean {meant!r}?" in suggest(key, list(setting_keys()))


def test_word_that_means_nothing_gets_no_guess() -> None:
    assert suggest("xyzzy", list(setting_keys())) == "; `distill init` lists all keys"


def test_every_suggested_setting_is_one() -> None:
    assert set(MEANT.values()) <= set(setting_keys())
