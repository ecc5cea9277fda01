"""The rows of a training as token ids, and how they are laid into sequences."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import orjson

from engine.errors import ConfigError
from jobs.finetune.student.source.chat_template import ChatTemplate, EncodedRow

SHOWN_COUNT = 20


class LongRow(NamedTuple):
    """A row with more tokens than the student reads."""

    number: int
    tokens: int


def encode_rows(path: Path, template: ChatTemplate, *, max_tokens: int) -> list[EncodedRow]:
    """The rows of a checked file, in its order.

    Raises:
        ConfigError: rows are longer than the student reads (names them), or the template refuses
            one.
    """
    rows, too_long = [], []
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.isspace():
                continue
            row = template.encode(orjson.loads(line)["messages"])
            if len(row.ids) > max_tokens:
                too_long.append(LongRow(number, len(row.ids)))
            rows.append(row)
    if too_long:
        raise ConfigError("\n".join(_name(path, too_long, max_tokens)))
    return rows


def batches_of_epoch(
    row_count: int, batch_rows: int, *, seed: int, epoch: int
) -> list[tuple[int, ...]]:
    """The rows of each step of an epoch, by number: each row once, in an order of its own."""
    order = list(range(row_count))
    random.Random(f"{seed} {epoch}").shuffle(order)  # noqa: S311 - no secret
    return [tuple(order[i : i + batch_rows]) for i in range(0, row_count, batch_rows)]


def lay_out(rows: Sequence[EncodedRow], sequence_tokens: int) -> list[list[EncodedRow]]:
    """Rows put together so that no sequence is longer than allowed; the longest come first.

    A row that is longer by itself has a sequence of its own.
    """
    sequences: list[list[EncodedRow]] = []
    room: list[int] = []
    for row in sorted(rows, key=lambda row: (-len(row.ids), row.ids)):
        fitting = next((i for i, free in enumerate(room) if free >= len(row.ids)), None)
        if fitting is None:
            sequences.append([])
            room.append(sequence_tokens)
            fitting = len(room) - 1
        sequences[fitting].append(row)
        room[fitting] -= len(row.ids)
    return sequences


def _name(path: Path, too_long: Sequence[LongRow], max_tokens: int) -> Iterator[str]:
    for row in too_long[:SHOWN_COUNT]:
        yield f"{path}:{row.number}: found {row.tokens:,} tokens, the student reads {max_tokens:,}"
    if len(too_long) > SHOWN_COUNT:
        yield f"and {len(too_long) - SHOWN_COUNT:,} more rows"
    yield "nothing was trained: shorten these rows (chunks.target_tokens), or leave them out"
