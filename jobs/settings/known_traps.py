"""Settings that are known to go wrong with a kind of model: set right, or said before it costs."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from engine.wire.prices import base_model
from schemas.requests import Json
from schemas.settings import RunSettings

if TYPE_CHECKING:
    from schemas.evaluation import Role  # takes long to import, and is read at each start

LEAST_REASONING_TOKENS = 2_000  # hidden reasoning alone was seen to take 700 and more

# By whose models the limit must be enough for.
LIMITS_BY_ROLE: Mapping[str, tuple[str, ...]] = {
    "questions.max_output_tokens": ("teacher",),
    "answers.max_output_tokens": ("teacher",),
    "evaluation.answer_max_output_tokens": ("teacher", "baseline", "tuned"),
}

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


def fill_output_limits(tree: dict[str, Any]) -> None:
    """Set the limits that a tree of settings does not name, where a model reasons.

    Hidden reasoning counts as output, so that the usual limits would leave nothing for the answer.
    A limit is a cap: what is not written costs nothing.
    """
    for key, roles in LIMITS_BY_ROLE.items():
        section, _, name = key.partition(".")
        inner = tree.setdefault(section, {})
        if not isinstance(inner, dict) or inner.get(name) is not None:
            continue
        if any(_role_reasons(tree.get(role)) for role in roles):
            inner[name] = LEAST_REASONING_TOKENS


def _role_reasons(role: object) -> bool:
    match role:
        case {"provider": "local"}:
            return False
        case {"model": str(model)}:
            parameters = role.get("parameters")  # type: ignore[attr-defined]
            return does_reason(model, parameters if isinstance(parameters, dict) else {})
    return False
