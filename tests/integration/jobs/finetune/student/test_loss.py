"""What changes the speed of a training changes nothing of what it learns, GPU paths included."""

import random
from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor

from jobs.finetune.student.source.chat_template import EncodedRow
from jobs.finetune.student.source.shape import Family
from jobs.finetune.student.training.laid_rows import (
    LENGTH_STEP,
    Laid,
    beside,
    lay_rows,
    packed,
)
from jobs.finetune.student.training.learner import prepare_network
from jobs.finetune.student.training.loss import RowLoss
from jobs.finetune.student.training.network import Network, load_weights
from jobs.finetune.student.training.task import Method, Precision, TuningPlan
from tests.unit.jobs.finetune.student.tiny_students import random_weights, tiny_shape

FAMILIES: tuple[Family, ...] = ("llama", "qwen2", "qwen3")
LENGTHS = (9, 40, 33, 17)

Lay = Callable[[Sequence[EncodedRow]], list[Laid]]


def plan_of(
    method: Method = "full", *, precision: Precision = "fp32", recomputes: bool = False
) -> TuningPlan:
    return TuningPlan(
        method=method,
        rank=4 if method == "lora" else 0,
        rate=1e-3,
        epochs=1,
        batch_rows=4,
        sequence_tokens=64,
        precision=precision,
        device="cpu",
        threads=1,
        recomputes=recomputes,
        seed=0,
    )


def network_of(plan: TuningPlan, family: Family = "llama") -> Network:
    shape = tiny_shape(family)
    network = Network(shape, recomputes=plan.recomputes)
    narrow = plan.method == "lora" and plan.precision == "bf16"
    network.to(torch.bfloat16 if narrow else torch.float32)
    load_weights(network, random_weights(shape, seed=1).items())
    prepare_network(network, plan)
    return network


def some_rows() -> list[EncodedRow]:
    rng = random.Random(0)
    return [
        EncodedRow(tuple(rng.randrange(288) for _ in range(length)), length // 2)
        for length in LENGTHS
    ]


def alone(rows: Sequence[EncodedRow]) -> list[Laid]:
    return [beside([row], "cpu") for row in rows]


def in_one_sequence(rows: Sequence[EncodedRow]) -> list[Laid]:
    return [packed(rows, "cpu")]


def all_beside(rows: Sequence[EncodedRow]) -> list[Laid]:
    return [beside(rows, "cpu")]


def learnt(network: Network, plan: TuningPlan, lay: Lay = alone) -> tuple[float, dict[str, Tensor]]:
    """The summed loss of the rows, and the gradient that it makes."""
    loss = RowLoss(network, plan)
    total = 0.0
    for part in lay(some_rows()):
        one = loss.sum_of(part)
        one.backward()
        total += one.item()
    gradients = {
        name: parameter.grad
        for name, parameter in network.named_parameters()
        if parameter.grad is not None
    }
    return total, gradients


@pytest.mark.parametrize("lay", [in_one_sequence, all_beside])
@pytest.mark.parametrize("family", FAMILIES)
def test_rows_learn_together_what_each_learns_alone(family: Family, lay: Lay) -> None:
    plan = plan_of()

    loss, gradients = learnt(network_of(plan, family), plan)
    together, gathered = learnt(network_of(plan, family), plan, lay)

    assert together == pytest.approx(loss, rel=1e-5)
    assert gathered.keys() == gradients.keys()
    for name, gradient in gradients.items():
        torch.testing.assert_close(gathered[name], gradient, rtol=1e-3, atol=1e-4, msg=name)


@pytest.mark.parametrize("method", ["full", "lora"])
def test_layers_that_are_computed_again_make_the_same_gradient(method: Method) -> None:
    kept, again = plan_of(method), plan_of(method, recomputes=True)

    loss, gradients = learnt(network_of(kept), kept, in_one_sequence)
    same, recomputed = learnt(network_of(again), again, in_one_sequence)

    assert same == loss
    assert recomputed.keys() == gradients.keys()
    assert all(torch.equal(recomputed[name], gradients[name]) for name in gradients)


@pytest.mark.parametrize("method", ["full", "lora"])
def test_16_bits_make_about_the_gradient_of_32(method: Method) -> None:
    wide, narrow = plan_of(method), plan_of(method, precision="bf16", recomputes=True)

    loss, gradients = learnt(network_of(wide), wide, in_one_sequence)
    rounded, blurred = learnt(network_of(narrow), narrow, in_one_sequence)

    assert rounded == pytest.approx(loss, rel=0.02)
    assert blurred.keys() == gradients.keys()
    for name, gradient in gradients.items():
        if gradient.any():  # the first half of an adapter has none before the first step
            near = torch.cosine_similarity(blurred[name].flatten(), gradient.flatten(), dim=0)
            assert near > 0.97, name


def test_only_adapters_learn_where_there_are_some() -> None:
    plan = plan_of("lora")

    _, gradients = learnt(network_of(plan), plan)

    assert gradients
    assert all(name.endswith(("lora_a", "lora_b")) for name in gradients)


def test_rows_of_like_length_lie_beside_each_other_and_none_is_left_out() -> None:
    plan = plan_of("lora").model_copy(update={"sequence_tokens": 80})
    rows = some_rows()

    parts = list(lay_rows(rows, plan))

    assert [tuple(part.ids.shape) for part in parts] == [(2, 64), (2, 32)]
    assert sum(part.targets.numel() for part in parts) == sum(row.answer_length for row in rows)


def test_rows_of_any_length_go_through_in_few_sizes() -> None:
    """Kernels are made and kept for each size: memory would grow with the lengths of the rows."""
    plan = plan_of().model_copy(update={"sequence_tokens": 400})
    rng = random.Random(1)
    steps = [[EncodedRow((1,) * rng.randint(10, 400), 5) for _ in range(4)] for _ in range(400)]

    parts = [part for rows in steps for part in lay_rows(rows, plan)]

    lengths = {part.ids.shape[1] for part in parts}
    assert len({len(row.ids) for rows in steps for row in rows}) > 350
    assert lengths <= set(range(LENGTH_STEP, 400 + LENGTH_STEP, LENGTH_STEP))
