"""Checks training rows before anything is uploaded: format, size, repetitions, leakage."""

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from engine.errors import ConfigError
from engine.files.records import read_records
from engine.wire.tokens import MESSAGE_OVERHEAD_TOKENS, count_tokens
from jobs.text.repeats.near_duplicates import NearDuplicates
from jobs.text.user_message import read_user_message
from schemas.dataset import HeldOutQuestion

MIN_ROWS = 10  # OpenAI fine-tuning guide
MIN_LOCAL_ROWS = 2  # one row would be learnt by heart
ROLES = ("system", "user", "assistant")
SHOWN_COUNT = 20
LIKE_HELD_OUT = 0.9  # similarity from which a question counts as the held-out one in other words


class CheckedRows(NamedTuple):
    """A file of rows that may be trained on. `tokens` counts all messages of all rows."""

    path: Path
    sha256: str
    rows: int
    tokens: int
    warnings: tuple[str, ...]


class _BadRowError(ValueError):
    """What is wrong with a row."""


def check_rows(path: Path, *, held_out_path: Path, max_row_tokens: int) -> CheckedRows:
    """Check every row of `path`, one at a time.

    Raises:
        ConfigError: rows that cannot be trained on, or that hold held-out questions; names them.
    """
    check = _Check(path, held_out_path, max_row_tokens)
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                check.add(number, line)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    return check.result()


class _Check:
    def __init__(self, path: Path, held_out_path: Path, max_row_tokens: int) -> None:
        self._path = path
        self._max_row_tokens = max_row_tokens
        self._held_out = NearDuplicates(LIKE_HELD_OUT)
        for question in read_records(held_out_path, HeldOutQuestion):
            self._held_out.remember(question.question_id, question.question)
        self._hash = hashlib.sha256()
        self._seen: set[bytes] = set()
        self._problems: list[str] = []
        self._problem_count = self._repeated_count = 0
        self._rows = self._tokens = 0

    def add(self, number: int, line: bytes) -> None:
        self._hash.update(line)
        if line.isspace():
            return
        self._rows += 1
        try:
            messages = _read_messages(line)
            self._check_size(messages)
            self._check_leakage(messages)
        except _BadRowError as error:
            self._problem_count += 1
            if self._problem_count <= SHOWN_COUNT:
                self._problems.append(f"{self._path}:{number}: {error}")
        digest = hashlib.blake2b(line.strip(), digest_size=16).digest()
        self._repeated_count += digest in self._seen
        self._seen.add(digest)

    def result(self) -> CheckedRows:
        if self._problem_count:
            more = self._problem_count - len(self._problems)
            rest = [f"and {more:,} more rows"] if more else []
            raise ConfigError("\n".join([*self._problems, *rest, "nothing was tuned"]))
        warnings = []
        if self._repeated_count:
            warnings.append(f"{self._path}: rows that repeat another one: {self._repeated_count:,}")
        return CheckedRows(
            self._path, self._hash.hexdigest(), self._rows, self._tokens, tuple(warnings)
        )

    def _check_size(self, messages: list[dict[str, str]]) -> None:
        tokens = sum(count_tokens(m["content"]) + MESSAGE_OVERHEAD_TOKENS for m in messages)
        self._tokens += tokens
        if tokens > self._max_row_tokens:
            raise _BadRowError(
                f"found {tokens:,} tokens, expected at most {self._max_row_tokens:,} "
                "(student.max_row_tokens)"
            )

    def _check_leakage(self, messages: list[dict[str, str]]) -> None:
        for message in messages:
            if message["role"] != "user":
                continue
            match = self._held_out.find(read_user_message(message["content"]).question)
            if match is None:
                continue
            raise _BadRowError(
                f"asks held-out question {match.item_id} (similarity {match.similarity:.2f}): what "
                "is trained on cannot be evaluated on"
            )


def require_rows(checked: CheckedRows, least: int) -> None:
    """Refuse a training set that is too small.

    Raises:
        ConfigError: it has fewer than `least` rows.
    """
    if checked.rows < least:
        raise ConfigError(
            f"{checked.path}: found {checked.rows} rows, expected at least {least}: make more "
            "of them (more documents, more questions a chunk), or lower dataset.validation_fraction"
        )


def _read_messages(line: bytes) -> list[dict[str, str]]:
    try:
        row: Any = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise _BadRowError(f"is not JSON ({error})") from None
    messages = row.get("messages") if isinstance(row, dict) else None
    if not isinstance(messages, list) or not messages:
        raise _BadRowError('expected an object with a list of "messages"')
    for message in messages:
        _check_message(message)
    if messages[-1]["role"] != "assistant":
        raise _BadRowError(f"found role {messages[-1]['role']!r} last, expected 'assistant'")
    if all(message["role"] != "user" for message in messages):
        raise _BadRowError("found no message of role 'user'")
    return messages


def _check_message(message: object) -> None:
    role = message.get("role") if isinstance(message, dict) else None
    if not isinstance(message, dict) or role not in ROLES:
        raise _BadRowError(f"found role {role!r}, expected one of {', '.join(ROLES)}")
    content = message.get("content")
    if not isinstance(content, str) or not content.strip():
        raise _BadRowError(f"the message of role {role!r} has no text")
