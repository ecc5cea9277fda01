"""What is served is compared with what was trained: each planted fault is caught, and named."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import aiohttp
import numpy as np
import pytest
import torch

from engine.errors import ConfigError
from engine.local.student_model import ServedStudent, StudentModel
from jobs.finetune.student.export.adapter import write_gguf_adapter
from jobs.finetune.student.export.export_student import ExportedStudent
from jobs.finetune.student.export.gguf_model import GgufModel, Weights, write_gguf
from jobs.finetune.student.export.merged_weights import Learnt, merged_weights
from jobs.finetune.student.parity.check_parity import ParityGate
from jobs.finetune.student.parity.pass_gate import REPORTS, REPORTS_NAME, pass_gate
from jobs.finetune.student.parity.report import ParityReport
from jobs.finetune.student.parity.served import ServedStudentClient
from jobs.finetune.student.parity.trained import TrainedStudent
from jobs.finetune.student.source.chat_template import ChatTemplate, Message
from jobs.finetune.student.source.find_student import Student, find_student
from jobs.finetune.student.source.gguf_file import Floats, unpermuted
from jobs.finetune.student.source.shape import Family
from jobs.finetune.student.source.vocabulary import Vocabulary
from jobs.finetune.student.training.child import build_network
from jobs.finetune.student.training.learner import prepare_network
from jobs.finetune.student.training.network import Network
from jobs.finetune.student.training.task import Method, TuningPlan
from tests.integration.jobs.finetune.student.trainings import make_plan, make_task
from tests.unit.jobs.finetune.student.tiny_students import (
    START,
    TEMPLATE,
    chat_row,
    make_folder,
    tiny_shape,
)

NAME = "tiny-tuned"
ROWS: list[list[Message]] = [
    chat_row(f"Excerpt {n}: the tide in 1{n}42. Where?", f"In the year 1{n}42, the tide.")[
        "messages"
    ]  # type: ignore[misc]
    for n in range(3)
]


class TunedTiny(NamedTuple):
    """A tiny student with something learnt, in memory and as it would be exported."""

    student: Student
    vocabulary: Vocabulary
    template: ChatTemplate
    plan: TuningPlan
    network: Network
    learnt: Learnt
    folder: Path

    def merged(self) -> Weights:
        return merged_weights(self.student, self.learnt, self.plan)

    def write(self, weights: Weights, vocabulary: Vocabulary | None = None) -> ServedStudent:
        path = self.folder / "served.gguf"
        model = GgufModel(NAME, self.student.shape, vocabulary or self.vocabulary)
        write_gguf(path, model, weights, "f16")
        return ServedStudent(NAME, path, context_tokens=512)


def make_tuned(
    folder: Path, family: Family = "llama", method: Method = "lora", *, seed: int = 0
) -> TunedTiny:
    """Everything that learns is moved by chance: the gate looks at no loss."""
    student = find_student(str(make_folder(folder / "student", tiny_shape(family))))
    plan = make_plan(method)
    network = build_network(make_task(folder / "task", student.path, plan), student)
    prepare_network(network, plan)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if parameter.requires_grad and parameter.ndim == 2 and "layers" in name:
                parameter += 0.15 * torch.randn(parameter.shape, generator=generator)
    learnt = {
        name: parameter.detach().numpy().copy()
        for name, parameter in network.named_parameters()
        if parameter.requires_grad
    }
    vocabulary = student.vocabulary()
    template = ChatTemplate(vocabulary, "tiny")
    return TunedTiny(student, vocabulary, template, plan, network, learnt, folder)


@asynccontextmanager
async def gate_on(tuned: TunedTiny, served: ServedStudent) -> AsyncIterator[ParityGate]:
    model = StudentModel([served], tuned.folder / "served.log")
    async with model, aiohttp.ClientSession() as session:
        client = ServedStudentClient(session, model.base_url, model.api_key, NAME)
        trained = TrainedStudent(tuned.network, tuned.student, tuned.plan)
        yield ParityGate(client, trained, tuned.template)


async def check(tuned: TunedTiny, served: ServedStudent) -> ParityReport:
    async with gate_on(tuned, served) as gate:
        return await gate.check(ROWS, model_name=NAME, file=served.model_path.name)


@pytest.mark.parametrize("family", ["llama", "qwen2", "qwen3"])
@pytest.mark.parametrize("method", ["lora", "full"])
async def test_an_honest_export_passes(tmp_path: Path, family: Family, method: Method) -> None:
    tuned = make_tuned(tmp_path, family, method)

    report = await check(tuned, tuned.write(tuned.merged()))

    assert report.problems() == []
    assert report.position_count > 10


async def test_an_adapter_over_its_base_passes(tmp_path: Path) -> None:
    tuned = make_tuned(tmp_path)
    adapter_path = tmp_path / "adapter.gguf"
    write_gguf_adapter(adapter_path, tuned.learnt, tuned.plan, tuned.student.shape)

    base = tuned.write(tuned.student.weights())
    report = await check(tuned, base._replace(adapter_path=adapter_path))

    assert report.problems() == []


def wrong_template(tuned: TunedTiny) -> ServedStudent:
    other = TEMPLATE.replace("\n", ": ", 1)
    return tuned.write(tuned.merged(), tuned.vocabulary._replace(template=other))


def missing_end(tuned: TunedTiny) -> ServedStudent:
    return tuned.write(tuned.merged(), tuned.vocabulary._replace(end_tokens=(START,)))


def unmerged_adapter(tuned: TunedTiny) -> ServedStudent:
    return tuned.write(tuned.student.weights())


def unpermuted_rows(tuned: TunedTiny) -> ServedStudent:
    """The export permutes the rows of queries and keys back: they stand as they were trained."""

    def undone() -> Iterator[tuple[str, Floats]]:
        for name, values in tuned.merged():
            yield name, unpermuted(values, tuned.student.shape, name)

    return tuned.write(undone())


def unpermuted_adapter(tuned: TunedTiny) -> ServedStudent:
    learnt = {
        name: unpermuted(np.asarray(values), tuned.student.shape, name)
        if name.endswith("lora_b")
        else values
        for name, values in tuned.learnt.items()
    }
    path = tuned.folder / "adapter.gguf"
    write_gguf_adapter(path, learnt, tuned.plan, tuned.student.shape)
    return tuned.write(tuned.student.weights())._replace(adapter_path=path)


def another_training(tuned: TunedTiny) -> ServedStudent:
    other = make_tuned(tuned.folder / "other", seed=1)
    return tuned.write(other.merged())


FAULTS: list[tuple[Callable[[TunedTiny], ServedStudent], str, str]] = [
    (wrong_template, "template", "the served chat template writes another prompt"),
    (missing_end, "end", "the EOS token of the GGUF is missing or another"),
    (unmerged_adapter, "probabilities", "the base is served: what was learnt (the adapter)"),
    (unpermuted_rows, "probabilities", "the rows of queries and keys stand in another order"),
    (unpermuted_adapter, "probabilities", "the rows of queries and keys stand in another order"),
    (another_training, "probabilities", "for no cause that is known here"),
]


@pytest.mark.parametrize(("fault", "check_name", "words"), FAULTS)
async def test_a_planted_fault_is_caught_and_named(
    tmp_path: Path, fault: Callable[[TunedTiny], ServedStudent], check_name: str, words: str
) -> None:
    tuned = make_tuned(tmp_path)

    report = await check(tuned, fault(tuned))

    assert not report.is_passed
    named = [problem for problem in report.problems() if problem.startswith(check_name)]
    assert len(named) == 1, report.problems()
    assert words in named[0]


async def test_a_student_that_fails_is_refused_and_all_figures_are_kept(tmp_path: Path) -> None:
    tuned = make_tuned(tmp_path)
    served = unmerged_adapter(tuned)
    exported = ExportedStudent(
        served.model_path, served.model_path, None, {"f16": served.model_path}
    )
    trained = TrainedStudent(tuned.network, tuned.student, tuned.plan)

    with pytest.raises(ConfigError, match=r"served\.gguf: probabilities: .*the base is served"):
        await pass_gate(
            exported, NAME, trained, tuned.template, ROWS, folder=tmp_path, context_tokens=512
        )

    (report,) = REPORTS.validate_json((tmp_path / REPORTS_NAME).read_bytes())
    assert report.problems()[0].startswith("probabilities: ")
    assert report.checks[0].words == "prompts are the same, to the character"
