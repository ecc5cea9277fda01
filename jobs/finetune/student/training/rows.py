"""The rows of a training as token ids, and how they are laid into sequences."""

import random
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import orjson

from engine.errors import ConfigError
from jobs.finetune.student.source.chat_template import ChatTemplate, EncodedRow
from jobs.finetune.student.source.vocabulary import Vocabulary

SHOWN_COUNT = 20
SORTED_BATCHES = 8  # whose rows are sorted by length together


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
    for number, row in _encoded(path, template):
        if len(row.ids) > max_tokens:
            too_long.append(LongRow(number, len(row.ids)))
        rows.append(row)
    if too_long:
        raise ConfigError("\n".join(_name(path, too_long, max_tokens)))
    return rows


def encode_what_fits(
    path: Path, template: ChatTemplate, *, max_tokens: int
) -> tuple[list[EncodedRow], int]:
    """The rows of a file that are not too long, and how many are."""
    every = [row for _, row in _encoded(path, template)]
    fitting = [row for row in every if len(row.ids) <= max_tokens]
    return fitting, len(every) - len(fitting)


def _encoded(path: Path, template: ChatTemplate) -> Iterator[tuple[int, EncodedRow]]:
    """Each row with the number of its line."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.isspace():
                yield number, template.encode(orjson.loads(line)["messages"])


def batches_of_epoch(
    lengths: Sequence[int], batch_rows: int, *, seed: int, epoch: int
) -> list[tuple[int, ...]]:
    """The rows of each step of an epoch, by number: each row once, in an order of its own.

    Rows that chance puts near each other are sorted by length first, so that those of a step need
    little filling; the steps are in an order of chance again.
    """
    rng = random.Random(f"{seed} {epoch}")  # noqa: S311 - no secret
    order = list(range(len(lengths)))
    rng.shuffle(order)
    near = batch_rows * SORTED_BATCHES
    batches = []
    for start in range(0, len(order), near):
        rows = sorted(order[start : start + near], key=lambda row: (-lengths[row], row))
        batches += [tuple(rows[i : i + batch_rows]) for i in range(0, len(rows), batch_rows)]
    rng.shuffle(batches)
    return batches


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


def lay_beside(rows: Sequence[EncodedRow], most_tokens: int) -> list[list[EncodedRow]]:
    """Rows of like length that go through the network at once, one beside the other.

    No group has more than `most_tokens`, the filling up to its longest row counted; a row that has
    more by itself is a group of its own. The longest come first.
    """
    groups: list[list[EncodedRow]] = []
    for row in sorted(rows, key=lambda row: (-len(row.ids), row.ids)):
        if not groups or (len(groups[-1]) + 1) * len(groups[-1][0].ids) > most_tokens:
            groups.append([])
        groups[-1].append(row)
    return groups


def _name(path: Path, too_long: Sequence[LongRow], max_tokens: int) -> Iterator[str]:
    for row in too_long[:SHOWN_COUNT]:
        yield f"{path}:{row.number}: found {row.tokens:,} tokens, the student reads {max_tokens:,}"
    if len(too_long) > SHOWN_COUNT:
        yield f"and {len(too_long) - SHOWN_COUNT:,} more rows"
    yield (
        "nothing was trained: shorten the excerpts (dataset.excerpt_tokens, which `distill run` "
        "applies for free), or leave these rows out"
    )


def other_text_rows(vocabulary: Vocabulary) -> list[EncodedRow]:
    """A text that has nothing to do with any corpus: how much of it is forgotten is measured by it.

    Eight paragraphs of plain English prose, written for this purpose as a part of this project,
    under its license; each a row after its first token, which nothing stands before.
    """
    text = files(__package__).joinpath("other_text.txt").read_text("utf-8")
    rows = (tuple(vocabulary.prompt_ids(paragraph)) for paragraph in text.strip().split("\n\n"))
    return [EncodedRow(ids, 1) for ids in rows if len(ids) > 1]
