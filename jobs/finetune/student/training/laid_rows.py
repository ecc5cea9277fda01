"""Rows of token ids laid into the tensors that go through the network at once."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from jobs.finetune.student.source.chat_template import EncodedRow
from jobs.finetune.student.training.plan import tokens_at_once
from jobs.finetune.student.training.rows import lay_beside, lay_out
from jobs.finetune.student.training.task import TuningPlan

LENGTH_STEP = 32  # sequences are filled up to a multiple: kernels are made anew for each length


class Laid(NamedTuple):
    """Rows that go through the network at once, in one sequence or several `[sequences, tokens]`.

    `mask` None: each position sees all before it. `learnt_in` and `learnt_at` are the sequence and
    the position from which each of `targets` is told.
    """

    ids: Tensor
    positions: Tensor
    mask: Tensor | None
    learnt_in: Tensor
    learnt_at: Tensor
    targets: Tensor


def lay_rows(rows: Sequence[EncodedRow], plan: TuningPlan) -> Iterator[Laid]:
    """All rows, in one sequence on a GPU; on a CPU beside each other, which needs no mask."""
    if plan.device == "cuda":
        return (packed(group, plan.device) for group in lay_out(rows, plan.sequence_tokens))
    return (beside(group, plan.device) for group in lay_beside(rows, tokens_at_once(plan)))


def beside(rows: Sequence[EncodedRow], device: str) -> Laid:
    """Rows beside each other, filled up behind, where no position that counts sees it."""
    longest = max(len(row.ids) for row in rows)
    longest += -longest % LENGTH_STEP
    learnt_in, learnt_at, targets = list[int](), list[int](), list[int]()
    for number, row in enumerate(rows):
        learnt_in += [number] * row.answer_length
        learnt_at += range(row.prompt_length - 1, len(row.ids) - 1)
        targets += row.ids[row.prompt_length :]
    return Laid(
        torch.tensor([[*row.ids, *[0] * (longest - len(row.ids))] for row in rows], device=device),
        torch.arange(longest, device=device),
        None,
        torch.tensor(learnt_in, device=device),
        torch.tensor(learnt_at, device=device),
        torch.tensor(targets, device=device),
    )


def packed(rows: Sequence[EncodedRow], device: str) -> Laid:
    """Rows one after the other, each with positions of its own and seeing itself alone."""
    ids = [token for row in rows for token in row.ids]
    fill = -len(ids) % LENGTH_STEP
    lengths = [len(row.ids) for row in rows]
    positions = [place for length in lengths for place in range(length)] + [0] * fill
    owner = [number for number, length in enumerate(lengths) for _ in range(length)]
    owner += [len(rows)] * fill
    learnt_at, targets, start = list[int](), list[int](), 0
    for row in rows:
        learnt_at += range(start + row.prompt_length - 1, start + len(row.ids) - 1)
        targets += row.ids[row.prompt_length :]
        start += len(row.ids)
    owners = torch.tensor(owner, device=device)
    before = torch.ones(len(owner), len(owner), dtype=torch.bool, device=device).tril()
    return Laid(
        torch.tensor([ids + [0] * fill], device=device),
        torch.tensor(positions, device=device),
        before & (owners[:, None] == owners[None, :]) if len(rows) > 1 else None,
        torch.zeros(len(targets), dtype=torch.long, device=device),
        torch.tensor(learnt_at, device=device),
        torch.tensor(targets, device=device),
    )
