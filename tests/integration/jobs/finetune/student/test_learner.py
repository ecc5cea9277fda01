"""How the weights of a student move."""

from pathlib import Path

import torch

from jobs.finetune.student.training.learner import (
    EPSILON,
    FIRST_DECAY,
    LONGEST_GRADIENT,
    SECOND_DECAY,
    Learner,
    rate_at,
)
from jobs.finetune.student.training.network import Network, load_weights
from tests.forked import PIPE, TRAINING, ForkedProcess
from tests.integration.jobs.finetune.student.trainings import make_plan
from tests.unit.jobs.finetune.student.tiny_students import random_weights, tiny_shape

STEPS = 6
COMPILER = "torch._dynamo"
PRINTS_WHETHER_THE_COMPILER_IS_IMPORTED = f"""
import sys
from jobs.finetune.student.training.child import set_up_torch
from tests.integration.jobs.finetune.student.test_learner import moved_weights
set_up_torch(threads=1)
moved_weights()
print({COMPILER!r} in sys.modules)
"""


def make_learner() -> tuple[Network, Learner]:
    shape = tiny_shape()
    network = Network(shape, recomputes=False)
    load_weights(network, random_weights(shape, seed=1).items())
    return network, Learner(network, make_plan(), steps=STEPS)


def give_gradients(network: Network, step: int) -> None:
    generator = torch.Generator().manual_seed(step)
    for parameter in network.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)


def moved_weights() -> dict[str, torch.Tensor]:
    network, learner = make_learner()
    for step in range(STEPS):
        give_gradients(network, step)
        learner.move(step)
    return learner.weights()


def test_steps_are_those_of_adam() -> None:
    network, _ = make_learner()
    weights = {name: each.detach().clone() for name, each in network.named_parameters()}
    first = {name: torch.zeros_like(each) for name, each in weights.items()}
    second = {name: torch.zeros_like(each) for name, each in weights.items()}
    for step in range(STEPS):
        give_gradients(network, step)
        torch.nn.utils.clip_grad_norm_(network.parameters(), LONGEST_GRADIENT)
        rate = rate_at(step, steps=STEPS, highest=make_plan().rate)
        for name, parameter in network.named_parameters():
            gradient = parameter.grad
            assert gradient is not None
            first[name] = FIRST_DECAY * first[name] + (1 - FIRST_DECAY) * gradient
            second[name] = SECOND_DECAY * second[name] + (1 - SECOND_DECAY) * gradient**2
            mean = first[name] / (1 - FIRST_DECAY ** (step + 1))
            scale = (second[name] / (1 - SECOND_DECAY ** (step + 1))).sqrt()
            weights[name] -= rate * mean / (scale + EPSILON)

    moved = moved_weights()

    assert moved.keys() == weights.keys()
    for name, expected in weights.items():
        torch.testing.assert_close(moved[name], expected)


def test_learner_that_is_restored_moves_on_to_the_same_weights() -> None:
    network, learner = make_learner()
    for step in range(STEPS // 2):
        give_gradients(network, step)
        learner.move(step)
    kept = {name: tensor.clone() for name, tensor in learner.tensors().items()}

    network, learner = make_learner()
    learner.restore(kept, step=STEPS // 2)
    for step in range(STEPS // 2, STEPS):
        give_gradients(network, step)
        learner.move(step)

    undisturbed = moved_weights()
    assert all(torch.equal(each, undisturbed[name]) for name, each in learner.weights().items())


def test_training_imports_no_compiler(tmp_path: Path) -> None:
    script = tmp_path / "moves.py"
    script.write_text(PRINTS_WHETHER_THE_COMPILER_IS_IMPORTED)

    process = ForkedProcess([str(script)], stdout=PIPE, stderr=PIPE, imported=TRAINING)
    out, err = process.communicate(timeout=120)

    assert process.returncode == 0, err
    assert out == b"False\n"
