"""The loss of rows: in nats, on the tokens of their answers alone."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor

from jobs.finetune.student.source.chat_template import EncodedRow
from jobs.finetune.student.training.laid_rows import Laid, lay_rows
from jobs.finetune.student.training.network import Network
from jobs.finetune.student.training.task import TuningPlan


class RowLoss:
    """Computes losses with a network, as its plan says; changes no weight itself."""

    def __init__(self, network: Network, plan: TuningPlan) -> None:
        self._network = network
        self._plan = plan

    def backward(self, rows: Sequence[EncodedRow]) -> float:
        """Add the gradient of the mean loss of these rows to the weights; returns that loss."""
        count = sum(row.answer_length for row in rows)
        total = 0.0
        for part in lay_rows(rows, self._plan):
            loss = self.sum_of(part)
            (loss / count).backward()
            total += loss.item()
        return total / count

    def mean(self, rows: Sequence[EncodedRow]) -> float:
        """The mean loss of these rows, a token counting once."""
        self._network.eval()
        with torch.no_grad():
            total = sum(self.sum_of(part).item() for part in lay_rows(rows, self._plan))
        self._network.train()
        return float(total / sum(row.answer_length for row in rows))

    def sum_of(self, part: Laid) -> Tensor:
        """The summed loss of the answers of rows that were laid out."""
        with self._precision():
            states = self._network(part.ids, part.positions, part.mask)
        # 16 bits would blur the loss itself
        scores = self._network.scores(states[part.learnt_in, part.learnt_at])
        return F.cross_entropy(scores, part.targets, reduction="sum")

    def _precision(self) -> AbstractContextManager[object]:
        if self._plan.precision == "fp32":
            return nullcontext()
        autocast: AbstractContextManager[object] = torch.autocast(
            self._plan.device, dtype=torch.bfloat16
        )
        return autocast
