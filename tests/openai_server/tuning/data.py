"""What a fine-tuning job finds in its files: rows, their tokens, or what is wrong with them."""

from pathlib import Path
from typing import Any, NamedTuple

import orjson

from tests.openai_server.paid.chat import prompt_tokens_of
from tests.openai_server.slices import Slices

MIN_EXAMPLES = 10  # OpenAI supervised fine-tuning guide
_ROLES = ("system", "developer", "user", "assistant", "tool")


class TrainingData(NamedTuple):
    """A sound file: how many examples it has, and their tokens."""

    example_count: int
    token_count: int


class DataError(Exception):
    """A file cannot be trained on. `code` is what the job's error is called."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


async def read_training_data(path: Path, *, min_examples: int) -> TrainingData:
    """Count a file's examples. Raises DataError for the first that is wrong, or too few."""
    example_count = token_count = 0
    slices = Slices()
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            example_count += 1
            token_count += prompt_tokens_of(_checked(raw, number))
            if slices.is_used:
                await slices.breathe()
    if example_count < min_examples:
        message = (
            f"Training file has {example_count} example(s), but must have at least "
            f"{min_examples} examples"
        )
        raise DataError("invalid_n_examples", message)
    return TrainingData(example_count, token_count)


def _checked(raw: bytes, number: int) -> dict[str, Any]:
    try:
        row = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise _wrong(number, "expected a JSON object on each line") from error
    messages = row.get("messages") if isinstance(row, dict) else None
    if not isinstance(messages, list) or not messages:
        raise _wrong(number, "expected an object with a 'messages' list that is not empty")
    for index, message in enumerate(messages):
        _check_message(message, f"messages[{index}]", number)
    if messages[-1]["role"] != "assistant":
        raise _wrong(number, "expected the last message to be the assistant's")
    return {"messages": messages}


def _check_message(message: object, where: str, number: int) -> None:
    if not isinstance(message, dict) or not isinstance(message.get("content"), str):
        raise _wrong(number, f"{where}: expected an object with 'role' and text in 'content'")
    if message.get("role") not in _ROLES:
        raise _wrong(number, f"{where}: unexpected role {message.get('role')!r}")


def _wrong(number: int, reason: str) -> DataError:
    message = f"Invalid file format. Line {number}: {reason}."
    return DataError("invalid_training_file", message)
