"""The trained side: the network in memory, and what a faulty export would make of it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor

from jobs.finetune.student.source.find_student import Student
from jobs.finetune.student.source.gguf_file import unpermuted
from jobs.finetune.student.training.network import Network, load_weights
from jobs.finetune.student.training.task import TuningPlan

_UNLEARNT = (
    "the base is served: what was learnt (the adapter) is not in it; export it anew, or give the "
    "adapter to the server"
)
_UNPERMUTED = (
    "the rows of queries and keys stand in another order than llama.cpp reads them (they were not "
    "permuted): export it anew"
)


class Hypothesis(NamedTuple):
    """A cause, and what makes the network like a student that suffers from it."""

    cause: str
    change: Callable[[], None]


class TrainedStudent:
    """A network with its best weights, and with those that a faulty export would have."""

    def __init__(self, network: Network, student: Student, plan: TuningPlan) -> None:
        self._network = network
        self._student = student
        self._plan = plan

    def log_probabilities(self, ids: Sequence[int], places: Sequence[int]) -> Tensor:
        """For each place, the log-probability of every token that may come after it."""
        self._network.eval()
        device = self._plan.device
        with torch.no_grad():
            states = self._network(
                torch.tensor([list(ids)], device=device),
                torch.arange(len(ids), device=device),
                None,
            )
            scores = self._network.scores(states[0, list(places)])
        return F.log_softmax(scores, dim=-1).cpu()

    @contextmanager
    def supposing(self, change: Callable[[], None]) -> Iterator[None]:
        """The network as it would be after `change`, within the block."""
        kept = {name: p.detach().clone() for name, p in self._network.named_parameters()}
        try:
            change()
            yield
        finally:
            with torch.no_grad():
                for name, parameter in self._network.named_parameters():
                    parameter.copy_(kept[name])

    def hypotheses(self) -> Sequence[Hypothesis]:
        """What may be wrong with served weights, and how the network comes to be like them."""
        adapters = [Hypothesis(_UNPERMUTED, partial(self._unpermute, ("lora_b",)))]
        return [
            Hypothesis(_UNLEARNT, self._unlearn),
            Hypothesis(_UNPERMUTED, partial(self._unpermute, ("weight", "lora_b"))),
            *(adapters if self._plan.method == "lora" else ()),
        ]

    def _unlearn(self) -> None:
        if self._plan.method == "full":
            load_weights(self._network, self._student.weights())
            return
        with torch.no_grad():
            for _, matrix in self._network.matrices():
                if matrix.lora_b is not None:
                    matrix.lora_b.zero_()

    def _unpermute(self, endings: tuple[str, ...]) -> None:
        with torch.no_grad():
            for name, parameter in self._network.named_parameters():
                if name.endswith(endings):
                    rows = parameter.detach().float().cpu().numpy()
                    moved = unpermuted(np.asarray(rows), self._student.shape, name)
                    parameter.copy_(torch.from_numpy(moved))
