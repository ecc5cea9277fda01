"""Settings that are known to go wrong with a kind of model: said before money is spent."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from engine.wire.prices import base_model
from schemas.requests import Json
from schemas.settings import RunSettings

if TYPE_CHECKING:
    from schemas.evaluation import Role  # takes long to import, and is read at each start

LEAST_REASONING_TOKENS = 2_000  # hidden reasoning alone was seen to take 700 and more

# By their names, as of 2026-11-28 (model lists of OpenAI, DeepSeek, Qwen and Mistral).
_REASONS = re.compile(
    r"(?:.*/)?(?:gpt-[5-9](?!.*chat)|gpt-oss|o\d|deepseek-r|qwq|magistral)|.*(?:thinking|reasoner)"
)
_NO_REASONING = ("none", "minimal")  # values of reasoning_effort
_SAMPLING_NAMES = ("temperature", "top_p")


def does_reason(model: str, parameters: Mapping[str, Json]) -> bool:
    """Whether a model writes hidden reasoning before its answer, by its name and parameters."""
    if parameters.get("reasoning_effort") in _NO_REASONING:
        return False
    return _REASONS.match(base_model(model)) is not None


def dataset_traps(settings: RunSettings) -> Iterator[str]:
    """What is known to go wrong when the teacher writes questions and answers, a line each."""
    teacher = settings.teacher
    if teacher.is_local or teacher.prompt_profile == "small":
        return
    for name, stage in (("questions", settings.questions), ("answers", settings.answers)):
        key = f"{name}.max_output_tokens"
        yield from _limit_trap(teacher.model, teacher.parameters, key, stage.max_output_tokens)
        yield from _sampling_trap(
            teacher.model, teacher.parameters, "teacher", f"{name}.temperature", stage.temperature
        )


def evaluation_traps(
    settings: RunSettings, answering: Mapping["Role", tuple[str, Mapping[str, Json]]]
) -> Iterator[str]:
    """The same for an evaluation; `answering` has model and parameters of each role."""
    key, limit = "evaluation.answer_max_output_tokens", settings.evaluation.answer_max_output_tokens
    for role, (model, parameters) in answering.items():
        if settings.teacher.is_local and model == settings.teacher.model:
            continue
        yield from _limit_trap(model, parameters, key, limit)
        yield from _sampling_trap(
            model, parameters, role, "evaluation.temperature", settings.evaluation.temperature
        )


def _limit_trap(
    model: str, parameters: Mapping[str, Json], key: str, limit_tokens: int
) -> Iterator[str]:
    if limit_tokens < LEAST_REASONING_TOKENS and does_reason(model, parameters):
        yield (
            f"{key} is {limit_tokens:,}: {model} reasons before it writes, which counts as output "
            f"and can use all of it up; set it to {LEAST_REASONING_TOKENS:,} or more, or give the "
            'model reasoning_effort = "none" among its parameters'
        )


def _sampling_trap(
    model: str,
    parameters: Mapping[str, Json],
    role: str,
    key: str,
    temperature: float | None,
) -> Iterator[str]:
    given = [f"{role}.parameters.{name}" for name in _SAMPLING_NAMES if name in parameters]
    if temperature is not None:
        given.append(key)
        if "temperature" in parameters:
            yield f"{key} and {role}.parameters.temperature are both set: {key} holds"
    if given and does_reason(model, parameters):
        names = " and ".join(given)
        yield f"{names}: most reasoning models refuse it, {model} may too: leave it out"
