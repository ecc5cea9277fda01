"""Says what is wrong with settings, where, and which setting may have been meant."""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from jobs.settings.show_value import as_toml

MAY_HOLD_SECRETS = ("base_url", "key_variable")  # last parts of keys
TABLES_OF_SECRETS = ("endpoints", "student.headers")

# What was expected, by the kind of problem; `{...}` are facts of the problem.
EXPECTED = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text (in quotes, in a file)",
    "string_too_long": "at most {max_length} characters",
    "string_too_short": "a text that is not empty",
    "greater_than": "a number above {gt:g}",
    "greater_than_equal": "at least {ge:g}",
    "less_than_equal": "at most {le:g}",
    "literal_error": "{expected}",
    "dict_type": "a table of names and values",
    "model_type": "a table of names and values",
    "model_attributes_type": "a table of names and values",
    "path_type": "the path of a folder, as text",
}

# Words of other tools and of everyday speech, by the setting that they mean.
MEANT: Mapping[str, str] = {
    "rpm": "limits.requests_per_minute",
    "tpm": "limits.tokens_per_minute",
    "rate_limit": "limits.requests_per_minute",
    "concurrency": "limits.max_in_flight",
    "max_concurrency": "limits.max_in_flight",
    "parallel": "limits.max_in_flight",
    "workers": "limits.max_in_flight",
    "max_connections": "limits.max_in_flight",
    "timeout": "limits.request_timeout_s",
    "timeout_s": "limits.request_timeout_s",
    "retries": "limits.max_attempts",
    "max_retries": "limits.max_attempts",
    "budget": "budget.usd",
    "max_cost": "budget.usd",
    "budget_usd": "budget.usd",
    "max_budget": "budget.usd",
    "model": "teacher.model",
    "provider": "teacher.provider",
    "base_url": "teacher.base_url",
    "url": "teacher.base_url",
    "endpoint": "teacher.base_url",
    "api_base": "teacher.base_url",
    "api_key": "teacher.key_variable",
    "key": "teacher.key_variable",
    "chunk_size": "chunks.target_tokens",
    "chunk_tokens": "chunks.target_tokens",
    "questions_per_chunk": "questions.per_chunk",
    "max_tokens": "answers.max_output_tokens",
    "max_output_tokens": "answers.max_output_tokens",
    "test_size": "split.held_out_fraction",
    "test_fraction": "split.held_out_fraction",
    "held_out": "split.held_out_fraction",
    "val_size": "dataset.validation_fraction",
    "documents": "documents_dir",
    "input_dir": "documents_dir",
    "sample": "limit_chunks",
    "max_chunks": "limit_chunks",
    "n_epochs": "student.epochs",
    "epochs": "student.epochs",
}
KEYS_ARE_ELSEWHERE = (
    "keys are read from the environment alone; this names the variable that holds one"
)


def explain(
    error: ValidationError,
    source_of: Callable[[tuple[int | str, ...]], str],
    known: Sequence[str],
) -> str:
    """A line a problem: its source, the key, what was expected and found. Shows no secret."""
    return "\n".join(
        f"{source_of(problem['loc'])}: {_describe(problem, known)}"
        for problem in error.errors(include_url=False)
    )


def describe_problems(error: ValidationError, known: Sequence[str]) -> Iterator[str]:
    """Each problem without its source: the key, what was expected and found. Shows no secret."""
    return (_describe(problem, known) for problem in error.errors(include_url=False))


def _describe(problem: ErrorDetails, known: Sequence[str]) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"unknown key {key!r}{suggest(key, known)}"
    is_secret = key.endswith(MAY_HOLD_SECRETS) or key.startswith(TABLES_OF_SECRETS)
    found = "" if is_secret else f", found {as_toml(problem['input'])}"
    return f"{key}: {_expected(problem)}{found}"


def _expected(problem: ErrorDetails) -> str:
    facts: dict[str, Any] = problem.get("ctx", {})
    if problem["type"] == "value_error":
        return str(facts["error"])
    if problem["type"] == "missing":
        return "is missing"
    if problem["type"] == "tuple_type":
        listed = (
            "a list of tables" if "endpoints" in problem["loc"] else 'a list such as ["a", "b"]'
        )
        return f"expected {listed}"
    words = EXPECTED.get(problem["type"])
    return f"expected {words.format(**facts)}" if words else problem["msg"]


def suggest(key: str, known: Sequence[str]) -> str:
    """Which setting may be meant by an unknown key: by its meaning, else by its letters."""
    word = key.rpartition(".")[2].lower().replace("-", "_")
    meant = MEANT.get(word) or _with_last_part(word, known)
    if meant is not None:
        why = f" ({KEYS_ARE_ELSEWHERE})" if meant.endswith("key_variable") else ""
        return f"; did you mean {meant!r}?{why}"
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else "; `distill init` lists all keys"


def _with_last_part(word: str, known: Iterable[str]) -> str | None:
    """The only setting whose last part is this word, in whatever table."""
    found = [key for key in known if key.rpartition(".")[2] == word]
    return found[0] if len(found) == 1 else None
