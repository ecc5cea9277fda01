"""One chat call whose reply is a JSON object of a given shape."""

from functools import lru_cache
from typing import NamedTuple, TypeVar

import orjson
from pydantic import ValidationError

from engine.wire.content import json_text, reply_text
from engine.wire.lenient_json import NotJsonError, dump_json, parse_json
from engine.wire.prompt_cache import cache_rules, lay_out
from engine.wire.tokens import MESSAGE_OVERHEAD_TOKENS, count_tokens
from schemas.outcomes import Completed
from schemas.record import Value, content_id
from schemas.requests import (
    CHAT_COMPLETIONS,
    CacheLayout,
    Json,
    Manner,
    Prefix,
    Request,
    make_request,
)
from schemas.settings import AnswerSettings, QuestionSettings, RunSettings

Shape = TypeVar("Shape", bound=Value)


class Prompt(NamedTuple):
    """What is asked: `chunk_id` names whose text it is about.

    The first `shared_chars` of the user's message are those of other prompts about the chunk.
    """

    system: str
    user: str
    chunk_id: str
    shared_chars: int = 0


def make_structured_request(
    item_id: str,
    *,
    purpose: str,
    prompt: Prompt,
    reply_schema: dict[str, Json],
    stage: QuestionSettings | AnswerSettings,
    settings: RunSettings,
) -> Request:
    """The first call of an item. What all items share, schema and system message, comes first.

    A temperature of None is not sent: reasoning models reject the parameter.
    """
    teacher, (system, user, _, _) = settings.teacher, prompt
    body: dict[str, Json] = {
        "model": teacher.model,
        "messages": [
            {"role": "system", "content": system},
            {"role": "user", "content": user},
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": purpose, "strict": True, "schema": reply_schema},
        },
        "max_completion_tokens": stage.max_output_tokens,
    }
    if stage.temperature is not None:
        body["temperature"] = stage.temperature
    schema_text = orjson.dumps(reply_schema).decode()
    shared_tokens = _count_once(schema_text) + _count_once(system)
    layout = _lay_out(prompt, schema_text, shared_tokens, settings)
    return make_request(
        item_id,
        0,
        url=CHAT_COMPLETIONS,
        body=body,
        purpose=purpose,
        prompt_tokens=shared_tokens + count_tokens(user) + 3 * MESSAGE_OVERHEAD_TOKENS,
        manner=Manner(parameters=teacher.parameters, cache=layout),
    )


def _lay_out(
    prompt: Prompt, schema_text: str, shared_tokens: int, settings: RunSettings
) -> CacheLayout | None:
    """What of the prompt other prompts share: the system message, and where told, the chunk."""
    teacher = settings.teacher
    rules = cache_rules(
        teacher.prompt_cache,
        base_url=settings.endpoints[0].base_url if settings.endpoints else teacher.base_url,
        model=teacher.model,
        prices=settings.prices,
        parameters=teacher.parameters,
        requests_per_minute=settings.limits.requests_per_minute,
    )
    if rules.mode == "off" or teacher.is_local:
        return None
    family = _hash_once(teacher.model, schema_text, prompt.system)
    prefixes = [Prefix(family, 0, len(prompt.system), shared_tokens)]
    if prompt.shared_chars:
        text = prompt.user[: prompt.shared_chars]
        tokens = shared_tokens + count_tokens(text)
        prefixes.append(Prefix(content_id(family, text), 1, prompt.shared_chars, tokens))
    return lay_out(rules, prefixes, family=family, group_id=prompt.chunk_id)


@lru_cache(maxsize=64)
def _hash_once(*parts: str) -> str:
    return content_id("prefix", *parts)


@lru_cache(maxsize=64)
def _count_once(text: str) -> int:
    """The tokens of a text that many prompts share."""
    return count_tokens(text)


def parse_reply(completed: Completed, shape: type[Shape]) -> Shape | None:
    """The JSON in a reply as a record; None if it is anything but exactly that shape.

    What models wrap around it is left out: reasoning, a ``` fence, words before and after.
    """
    text = json_text(reply_text(completed.reply))
    try:
        return shape.model_validate_json(text, strict=True)
    except ValidationError:
        pass
    try:  # what only the lenient reader takes, such as half of a surrogate pair
        return shape.model_validate_json(dump_json(parse_json(text.encode())), strict=True)
    except (ValidationError, NotJsonError):
        return None


def sentence_numbers(sentence_count: int, *, min_items: int, max_items: int) -> dict[str, Json]:
    """The schema of a list of sentence numbers.

    The upper bound is rounded up to a power of two: the schema is part of the prompt's prefix,
    and with a few bounds instead of one a chunk the provider's prompt cache keeps hitting.
    """
    highest = max(32, 1 << (sentence_count - 1).bit_length())
    return {
        "type": "array",
        "items": {"type": "integer", "minimum": 1, "maximum": highest},
        "minItems": min_items,
        "maxItems": max_items,
    }
