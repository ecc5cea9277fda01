"""Further parameters of a request's body, as a user gives them for a role."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, JsonValue

# They change how a request travels, what it costs or what is noted of it, and not its reply
# (OpenAI API reference, chat completions and embeddings): no part of a request's id.
WAY_NAMES = frozenset(
    {
        "metadata",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "service_tier",
        "store",
        "user",
    }
)

_OUTPUT_LIMIT = (
    "the output limit is a setting: questions.max_output_tokens, answers.max_output_tokens, "
    "evaluation.answer_max_output_tokens or evaluation.judge_max_output_tokens"
)
_STREAM = "replies are taken whole: leave it out"
# What is made here, and where it is set instead.
OWN_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "model": "the model is a setting of its own: set `model` of the same role",
        "messages": "the messages are made from the prompts and the documents: leave it out",
        "input": "what is embedded are the texts of the run: leave it out",
        "max_completion_tokens": _OUTPUT_LIMIT,
        "max_tokens": _OUTPUT_LIMIT,
        "n": "one reply is asked for at a time: leave it out",
        "stream": _STREAM,
        "stream_options": _STREAM,
        "response_format": "how JSON is asked for is a setting: teacher.output or "
        "evaluation.judge_output",
        "encoding_format": "vectors travel as base64: leave it out",
    }
)


def _free_ones_that_are_set(parameters: dict[str, JsonValue]) -> dict[str, JsonValue]:
    for name in parameters:
        if name in OWN_NAMES:
            raise ValueError(f"{name} cannot be given as a parameter: {OWN_NAMES[name]}")
    return {name: value for name, value in parameters.items() if value is not None}


# By name; one that is given no value is unset.
Parameters = Annotated[dict[str, JsonValue], AfterValidator(_free_ones_that_are_set)]
NO_PARAMETERS: Mapping[str, JsonValue] = MappingProxyType({})


def reply_parameters(parameters: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Those that change the reply, and so are part of a request's id."""
    return {name: value for name, value in parameters.items() if name not in WAY_NAMES}


def way_parameters(parameters: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Those that change only the way or the price."""
    return {name: value for name, value in parameters.items() if name in WAY_NAMES}
