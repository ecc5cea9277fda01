"""The loss of rows: in nats, on the tokens of their answers alone."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor

from jobs.finetune.student.source.chat_template import EncodedRow
from jobs.finetune.student.training.network import Network
from jobs.finetune.student.training.rows import lay_beside, lay_out
from jobs.finetune.student.training.plan import tokens_at_once
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


class RowLoss:
    """Computes losses with a network, as its plan says; changes no weight itself."""

    def __init__(self, network: Network, plan: TuningPlan) -> None:
        self._network = network
        self._plan = plan

    def backward(self, rows: Sequence[EncodedRow]) -> float:
        """Add the gradient of the mean loss of these rows to the weights; returns that loss."""
        count = sum(row.answer_length for row in rows)
        total = 0.0
        for loss in self._sums(rows):
            (loss / count).backward()
            total += loss.item()
        return total / count

    def mean(self, rows: Sequence[EncodedRow]) -> float:
        """The mean loss of these rows, a token counting once."""
        self._network.eval()
        with torch.no_grad():
            total = sum(loss.item() for loss in self._sums(rows))
        self._network.train()
        return float(total / sum(row.answer_length for row in rows))

    def of_each(self, row: EncodedRow) -> list[float]:
        """The log-probability of each token of one row's answer."""
        self._network.eval()
        with torch.no_grad(), self._precision():
            part = _beside([row], self._plan.device)
            losses = self._losses(part, reduction="none")
        self._network.train()
        return [-float(loss) for loss in losses]

    def _sums(self, rows: Sequence[EncodedRow]) -> Iterator[Tensor]:
        for part in self._parts(rows):
            with self._precision():
                loss = self._losses(part, reduction="sum")
            yield loss

    def _parts(self, rows: Sequence[EncodedRow]) -> Iterator[Laid]:
        """In one sequence on a GPU; on a CPU beside each other, which needs no mask."""
        plan = self._plan
        if plan.device == "cuda":
            return (_packed(g, plan.device) for g in lay_out(rows, plan.sequence_tokens))
        return (_beside(g, plan.device) for g in lay_beside(rows, tokens_at_once(plan)))

    def _losses(self, part: Laid, *, reduction: str) -> Tensor:
        states = self._network(part.ids, part.positions, part.mask)
        with torch.autocast(self._plan.device, enabled=False):  # 16 bits would blur the loss itself
            scores = self._network.scores(states[part.learnt_in, part.learnt_at])
        return F.cross_entropy(scores, part.targets, reduction=reduction)

    def _precision(self) -> AbstractContextManager[object]:
        if self._plan.precision == "fp32":
            return nullcontext()
        autocast: AbstractContextManager[object] = torch.autocast(
            self._plan.device, dtype=torch.bfloat16
        )
        return autocast


def _beside(rows: Sequence[EncodedRow], device: str) -> Laid:
    """Rows one beside the other, filled up behind: what fills is seen by no position that counts."""
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


def _packed(rows: Sequence[EncodedRow], device: str) -> Laid:
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
