"""Reads chat rows of any origin, and questions to hold against them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from engine.errors import ConfigError
from engine.wire.tokens import MESSAGE_OVERHEAD_TOKENS, count_tokens
from jobs.text.user_message import read_user_message

ROLES = ("system", "developer", "user", "assistant", "tool")
_QUESTION_KEYS = ("question", "prompt", "input", "instruction", "user_input")
_TEXT_KEYS = ("context", "reference", "answer", "completion", "output", "response")


class BadRowError(ValueError):
    """What is wrong with a line."""


class ChatRow(NamedTuple):
    """A chat row: what is asked last, what is said to it, and all of its text."""

    question: str
    answer: str
    text: str
    tokens: int


class EvalItem(NamedTuple):
    """A question to be evaluated on, and the text that belongs to it; empty: there is none."""

    question: str
    text: str


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file that are not empty, with their numbers from 1.

    Raises:
        ConfigError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


def read_chat_row(line: bytes) -> ChatRow:
    """A row of OpenAI's chat format.

    Raises:
        BadRowError: it is none.
    """
    row = _read_object(line)
    messages = row.get("messages")
    if not isinstance(messages, list) or not messages:
        raise BadRowError('expected an object with a list of "messages"')
    said = [_read_message(message) for message in messages]
    if said[-1][0] != "assistant":
        raise BadRowError(f"found role {said[-1][0]!r} last, expected 'assistant'")
    asked = [content for role, content in said if role == "user"]
    if not asked:
        raise BadRowError("found no message of role 'user'")
    contents = [content for _, content in said]
    return ChatRow(
        question=read_user_message(asked[-1]).question.strip(),
        answer=said[-1][1].strip(),
        text="\n".join(contents),
        tokens=sum(count_tokens(content) + MESSAGE_OVERHEAD_TOKENS for content in contents),
    )


def read_eval_item(line: bytes) -> EvalItem:
    """A held-out question of ours, a chat row, or an object or text with a question.

    Raises:
        BadRowError: no question is found in it.
    """
    try:
        item: Any = orjson.loads(line)
    except orjson.JSONDecodeError:
        return EvalItem(line.decode("utf-8", "replace").strip(), "")
    if isinstance(item, str):
        return EvalItem(item.strip(), "")
    if isinstance(item, dict) and "messages" in item:
        row = read_chat_row(line)
        return EvalItem(row.question, row.answer)
    found = item if isinstance(item, dict) else {}
    question = next((v for k in _QUESTION_KEYS if isinstance(v := found.get(k), str)), "")
    if not question.strip():
        keys = ", ".join(_QUESTION_KEYS)
        raise BadRowError(f"expected a text, a chat row, or an object with one of {keys}")
    texts = [value for key in _TEXT_KEYS if isinstance(value := found.get(key), str)]
    return EvalItem(question.strip(), "\n".join(texts))


def _read_object(line: bytes) -> dict[str, Any]:
    try:
        row: Any = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BadRowError(f"is not JSON ({error})") from error
    if not isinstance(row, dict):
        raise BadRowError('expected an object with a list of "messages"')
    return row


def _read_message(message: object) -> tuple[str, str]:
    role = message.get("role") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(role, str) or role not in ROLES:
        raise BadRowError(f"found role {role!r}, expected one of {', '.join(ROLES)}")
    content = message.get("content")
    if not isinstance(content, str) or not content.strip():
        raise BadRowError(f"the message of role {role!r} has no text")
    return role, content
