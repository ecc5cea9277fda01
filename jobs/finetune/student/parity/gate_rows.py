"""Picks the rows over which a served student is compared with the trained one."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import orjson

from engine.errors import ConfigError
from jobs.finetune.student.source.chat_template import ChatTemplate, Message

ROW_COUNT = 6
ANSWER_TOKENS = 48


def read_gate_rows(path: Path, template: ChatTemplate, *, most_tokens: int) -> list[list[Message]]:
    """Some rows of a checked file, spread over it, which a server of `most_tokens` can be asked.

    Raises:
        ConfigError: none of them is so short.
    """
    lines = [line for line in path.read_bytes().splitlines() if line.strip()]
    step = max(1, len(lines) // ROW_COUNT)
    spread = (line for start in range(step) for line in lines[start::step])
    rows: list[list[Message]] = [
        *islice(_fitting(spread, template, most_tokens - ANSWER_TOKENS), ROW_COUNT)
    ]
    if not rows:
        raise ConfigError(
            f"{path}: no row is shorter than the {most_tokens:,} tokens that a student is served "
            "with here, so that what is served could not be compared with what was trained: "
            "shorten the excerpts (dataset.excerpt_tokens)"
        )
    return rows


def _fitting(
    lines: Iterable[bytes], template: ChatTemplate, most_tokens: int
) -> Iterator[list[Message]]:
    for line in lines:
        messages: list[Message] = orjson.loads(line)["messages"]
        if len(template.encode(messages).ids) <= most_tokens:
            yield messages
