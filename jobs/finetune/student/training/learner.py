"""The weights that learn, and the optimiser that moves them; all that a checkpoint keeps."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from jobs.finetune.student.training.checkpoint import to_memory
from jobs.finetune.student.training.network import Network
from jobs.finetune.student.training.task import TuningPlan

WARM_UP_SHARE = 1 / 15  # of all steps
LAST_RATE_SHARE = 0.05
LONGEST_GRADIENT = 1.0
_MOMENTS = {"first": "exp_avg", "second": "exp_avg_sq"}


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
    """Moves the weights of a prepared network, a step at a time."""

    def __init__(self, network: Network, plan: TuningPlan, *, steps: int) -> None:
        self._plan = plan
        self._steps = steps
        self._parameters: dict[str, nn.Parameter] = {
            name: parameter
            for name, parameter in network.named_parameters()
            if parameter.requires_grad
        }
        self._optimiser = torch.optim.AdamW(
            self._parameters.values(), lr=plan.rate, weight_decay=0.0, fused=True
        )

    def move(self, step: int) -> None:
        """Take step number `step` (from 0) along the gradient that has gathered, and clear it."""
        nn.utils.clip_grad_norm_(self._parameters.values(), LONGEST_GRADIENT)
        for group in self._optimiser.param_groups:
            group["lr"] = rate_at(step, steps=self._steps, highest=self._plan.rate)
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)

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
            moments = self._optimiser.state[parameter]
            for part, key in _MOMENTS.items():
                kept[f"{part}.{name}"] = moments[key]
        return {name: tensor.to("cpu") for name, tensor in kept.items()}

    def restore(self, tensors: Mapping[str, Tensor], *, step: int) -> None:
        """Go back to what `tensors` gave after `step` steps."""
        self.set_weights({name: tensors[f"weights.{name}"] for name in self._parameters})
        for name, parameter in self._parameters.items():
            moments = {
                key: tensors[f"{part}.{name}"].to(parameter.device, copy=True)
                for part, key in _MOMENTS.items()
            }
            count = torch.tensor(float(step), device=parameter.device)
            self._optimiser.state[parameter] = {"step": count, **moments}


def rate_at(step: int, *, steps: int, highest: float) -> float:
    """The learning rate of step `step` (from 0): up in a line, then down along a cosine."""
    warm_up = max(1, round(steps * WARM_UP_SHARE))
    if step < warm_up:
        return highest * (step + 1) / warm_up
    done = (step - warm_up) / max(1, steps - warm_up)
    return highest * max(LAST_RATE_SHARE, 0.5 * (1 + math.cos(math.pi * done)))
