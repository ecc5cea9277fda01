"""The weights that learn, and the optimiser that moves them; all that a checkpoint keeps."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

from jobs.finetune.student.training.checkpoint import to_memory
from jobs.finetune.student.training.network import Network
from jobs.finetune.student.training.task import TuningPlan

WARM_UP_SHARE = 1 / 15  # of all steps
LAST_RATE_SHARE = 0.05
LONGEST_GRADIENT = 1.0
FIRST_DECAY, SECOND_DECAY, EPSILON = 0.9, 0.999, 1e-8  # those of torch.optim.AdamW


class _Moments(NamedTuple):
    """What the optimiser keeps of a parameter: running means of gradient and square, and steps."""

    first: Tensor
    second: Tensor
    step: Tensor


def prepare_network(network: Network, plan: TuningPlan) -> None:
    """Mark what is trained: all weights, or adapters that are added to every matrix."""
    if plan.method == "full":
        return
    for parameter in network.parameters():
        parameter.requires_grad_(requires_grad=False)
    generator = torch.Generator().manual_seed(plan.seed)
    for _, matrix in network.matrices():
        matrix.add_adapter(plan.rank, plan.adapter_scale, generator)


class Learner:
    """Moves the weights of a prepared network, a step at a time.

    By AdamW as a function: torch.optim.AdamW imports torch's compiler, which takes seconds.
    """

    def __init__(self, network: Network, plan: TuningPlan, *, steps: int) -> None:
        self._plan = plan
        self._steps = steps
        self._parameters: dict[str, nn.Parameter] = {
            name: parameter
            for name, parameter in network.named_parameters()
            if parameter.requires_grad
        }
        self._moments: dict[str, _Moments] = {}

    def move(self, step: int) -> None:
        """Take step number `step` (from 0) along the gradient that has gathered, and clear it."""
        parameters = self._parameters.values()
        nn.utils.clip_grad_norm_(parameters, LONGEST_GRADIENT)
        if not self._moments:
            self._moments = {
                name: _Moments(
                    torch.zeros_like(each),
                    torch.zeros_like(each),
                    torch.zeros((), device=each.device),
                )
                for name, each in self._parameters.items()
            }
        with torch.no_grad():
            self._step(rate_at(step, steps=self._steps, highest=self._plan.rate))
        for parameter in parameters:
            parameter.grad = None

    def weights(self) -> dict[str, Tensor]:
        """Copies of the weights that learn."""
        return to_memory(self._parameters)

    def set_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Set the weights that learn."""
        with torch.no_grad():
            for name, parameter in self._parameters.items():
                parameter.copy_(weights[name])

    def tensors(self) -> dict[str, Tensor]:
        """What a checkpoint needs: weights and moments by part and name."""
        kept: dict[str, Tensor] = {}
        for name, parameter in self._parameters.items():
            kept[f"weights.{name}"] = parameter.detach()
            kept[f"first.{name}"] = self._moments[name].first
            kept[f"second.{name}"] = self._moments[name].second
        return {name: tensor.to("cpu") for name, tensor in kept.items()}

    def restore(self, tensors: Mapping[str, Tensor], *, step: int) -> None:
        """Go back to what `tensors` gave after `step` steps."""
        self.set_weights({name: tensors[f"weights.{name}"] for name in self._parameters})
        for name, parameter in self._parameters.items():
            device = parameter.device
            self._moments[name] = _Moments(
                tensors[f"first.{name}"].to(device, copy=True),
                tensors[f"second.{name}"].to(device, copy=True),
                torch.tensor(float(step), device=device),
            )

    def _step(self, rate: float) -> None:
        moments = [self._moments[name] for name in self._parameters]
        adamw(
            list(self._parameters.values()),
            [_gradient_of(each) for each in self._parameters.values()],
            [each.first for each in moments],
            [each.second for each in moments],
            [],
            [each.step for each in moments],
            fused=True,
            amsgrad=False,
            beta1=FIRST_DECAY,
            beta2=SECOND_DECAY,
            lr=rate,
            weight_decay=0.0,
            eps=EPSILON,
            maximize=False,
        )


def _gradient_of(parameter: nn.Parameter) -> Tensor:
    assert parameter.grad is not None  # every weight takes part in every answer
    return parameter.grad


def rate_at(step: int, *, steps: int, highest: float) -> float:
    """The learning rate of step `step` (from 0): up in a line, then down along a cosine."""
    warm_up = max(1, round(steps * WARM_UP_SHARE))
    if step < warm_up:
        return highest * (step + 1) / warm_up
    done = (step - warm_up) / max(1, steps - warm_up)
    return highest * max(LAST_RATE_SHARE, 0.5 * (1 + math.cos(math.pi * done)))
